import Foundation
import Testing

/// `tenor features` and `tenor inspect` of a feature store, on the built binary.
@Suite(.timeLimit(.minutes(2))) struct FeaturesTests {
    @Test("A market becomes a store whose features can be looked at; a second run adds nothing")
    func store() async throws {
        let folder = try TemporaryFolder()
        let simulated = try await runTenor(
            "simulate", "--bonds", "60", "--days", "3", "--out", "market", in: folder.url)
        #expect(simulated.exit == 0, "\(simulated.standardError)")
        let made = try await runTenor(
            "features", "--market", "market", "--out", "store", "--half", "--json",
            in: folder.url)
        #expect(made.exit == 0, "\(made.standardError)")
        let summary = try made.json()
        let rows = try #require(summary["rows"] as? Int)
        #expect(rows > 50)
        #expect(summary["new_rows"] as? Int == rows)
        #expect(made.standardError.contains("rows/s"))

        let again = try await runTenor(
            "features", "--market", "market", "--out", "store", "--half", "--json",
            in: folder.url)
        let nothing = try again.json()
        #expect(nothing["new_rows"] as? Int == 0)
        #expect(nothing["rows"] as? Int == rows)

        let text = try await runTenor("inspect", "store", in: folder.url)
        #expect(text.exit == 0)
        #expect(text.standardOutput.contains("own.00.residual"))
        #expect(text.standardOutput.contains("condition.side"))
        let look = try await runTenor("inspect", "store", "--json", in: folder.url).json()
        let schema = try #require(look["schema"] as? [String: Any])
        let state = try #require(schema["state"] as? [[String: Any]])
        #expect(state.count == summary["state_features"] as? Int)
        #expect(schema["hash"] as? String == summary["schema"] as? String)
    }

    @Test("Other settings for a store that is there, and no market, are errors in one line")
    func bad() async throws {
        let folder = try TemporaryFolder()
        let missing = try await runTenor(
            "features", "--market", "nowhere", "--out", "store", in: folder.url)
        #expect(missing.exit == 66)
        #expect(missing.standardError.contains("nowhere/bonds.csv"))
        let order = try await runTenor(
            "features", "--market", "m", "--out", "s", "--from", "2025-02-01", "--to",
            "2025-01-01")
        #expect(order.exit == 64)
        _ = try await runTenor(
            "simulate", "--bonds", "40", "--days", "2", "--out", "market", in: folder.url)
        let first = try await runTenor(
            "features", "--market", "market", "--out", "made", in: folder.url)
        #expect(first.exit == 0, "\(first.standardError)")
        let other = try await runTenor(
            "features", "--market", "market", "--out", "made", "--half", in: folder.url)
        #expect(other.exit == 65)
        #expect(other.standardError.contains("other settings"))
    }
}
