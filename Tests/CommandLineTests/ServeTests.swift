import Foundation
import Testing

/// `tenor serve` and `tenor user` on the built binary.
@Suite(.timeLimit(.minutes(3))) struct ServeTests {
    @Test("The fair value filter of a market: log-in, bonds, trades, metrics, a clean end")
    func fairValue() async throws {
        let folder = try TemporaryFolder()
        try await ServedTenor.addUser(in: folder.url)
        let simulated = try await runTenor(
            "simulate", "--bonds", "40", "--days", "3", "--out", "market", in: folder.url)
        try #require(simulated.exit == 0)
        let run = try await ServedTenor.run(
            ["--market", "market", "--users", "users.json"], in: folder.url
        ) { server in
            #expect(try await server.ask("/v1/bonds").status == 401)
            let token = try await server.logIn()
            let bonds = try await server.ask("/v1/bonds?search=issuer", token: token).json()
            let first = try #require((bonds["bonds"] as? [[String: Any]])?.first)
            let figi = try #require(first["figi"] as? String)
            #expect(try await server.ask("/v1/trades?bond=\(figi)", token: token).status == 200)
            #expect(try await server.ask("/metrics").body.contains("tenor_model_info"))
            let ready = try await server.ask("/readyz").json()
            #expect(ready["models"] as? [String] == ["fair-value/market"])
            #expect((ready["market_time"] as? String)?.hasPrefix("2025-") == true)
            #expect(try await server.ask("/ui").body.contains("<title>Tenor</title>"))
            #expect(try await server.ask("/").body.contains("<title>Tenor</title>"))
            // A port in use is told before the market is looked for.
            let second = try await runTenor(
                "serve", "--market", "nowhere", "--users", "users.json", "--port",
                "\(server.port)", in: folder.url)
            #expect(second.exit == 74 && second.standardError.contains("cannot listen"))
            #expect(!second.standardError.contains("nowhere"), "\(second.standardError)")
        }
        #expect(run.exit == 0, "\(run.standardError)")
        // The simulated days are of 2025.
        #expect(run.standardError.contains("quotes are as of 2025-"))
        #expect(run.standardError.contains("the last event of market is"))
        #expect(run.standardError.contains("days old"))
    }

    @Test("Users are counted in words, and nothing but their file is left")
    func users() async throws {
        let folder = try TemporaryFolder()
        for (name, words) in [("alice", "has 1 user"), ("bob", "has 2 users")] {
            let run = try await runTenor(
                "user", "add", name, "--users", "users.json", input: "correct horse\n",
                in: folder.url)
            #expect(run.standardOutput.hasSuffix(words + "\n"), "\(run.standardOutput)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(left == ["users.json"])
    }

    @Test("A checkpoint prices its market, and the one that replaces its file takes over")
    func network() async throws {
        let folder = try await TrainedMarket.shared.value
        try await ServedTenor.addUser(in: folder.url)
        let served = folder.url.appending(path: "served.safetensors")
        let trained = folder.url.appending(path: "run/model.safetensors")
        try FileManager.default.copyItem(at: trained, to: served)
        let run = try await ServedTenor.run(
            ["served.safetensors", "--market", "market", "--users", "users.json", "--follow"],
            in: folder.url
        ) { server in
            let first = try await server.ask("/readyz").body
            #expect(first.contains("served/"))
            let other = folder.url.appending(path: "other.safetensors")
            // The same file is another checkpoint where its bytes differ: train one step more.
            let more = try await runTenor(
                "train", "bonds", "--data", "store", "--out", "run2", "--set",
                "model={family: two-stage, hidden: [8], head: [8]}", "--set", "training.steps=10",
                "--set", "training.batch=32", "--set", "training.warm_up=2", "--set",
                "validation.every=10", "--set", "validation.warm_up_days=1", "--set",
                "validation.days=1", "--set", "validation.test_days=1", in: folder.url)
            try #require(more.exit == 0, "\(more.standardError)")
            try FileManager.default.copyItem(
                at: folder.url.appending(path: "run2/model.safetensors"), to: other)
            try #require(rename(other.path, served.path) == 0)
            var second = first
            for _ in 0..<300 where second == first {
                try await Task.sleep(for: .milliseconds(100))
                second = try await server.ask("/readyz").body
            }
            #expect(second != first)
            // At /v2 it is the same checkpoint, by the digest of its file.
            let models = try #require(
                try await server.ask("/readyz").json()["models"] as? [String])
            let token = try await server.logIn()
            let model = try await server.ask("/v2/models/served", token: token).json()
            let versions = try #require(model["versions"] as? [String])
            #expect(models == versions.map { "served/" + $0 })
            #expect(!first.contains(versions[0]))
        }
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(run.standardError.contains("now pricing with served/"))
    }

    @Test("Nothing to serve, no users, and damaged users are told before a port is opened")
    func refused() async throws {
        let folder = try TemporaryFolder()
        for arguments in [
            ["serve"], ["serve", "--market", "m"], ["serve", "x", "--users", "u", "--follow"],
            ["serve", "--market", "m", "--users", "u", "--jwks", "k", "--audience", "a"],
            ["serve", "--market", "m", "--users", "u", "--tls-key", "k"],
        ] {
            let run = try await runTenor(arguments, in: folder.url)
            #expect(run.exit == 64, "\(arguments): \(run.standardError)")
        }
        _ = try folder.file("users.json", "{}")
        let damaged = try await runTenor(
            "serve", "--market", "m", "--users", "users.json", in: folder.url)
        #expect(damaged.exit == 65 && damaged.standardError.contains("users.json"))
        func fixture(_ name: String) -> String {
            URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../ServingTests/Fixtures/" + name).standardizedFileURL.path
        }
        // Before the market is read, which is not there.
        try FileManager.default.removeItem(at: folder.url.appending(path: "users.json"))
        try await ServedTenor.addUser(in: folder.url)
        for (certificate, key, exit, words) in [
            ("certificate.pem", "other-key.pem", 65, "not the private key of the certificate"),
            ("certificate.pem", "locked-key.pem", 65, "not a private key"),
            ("tokens.json", "key.pem", 65, "not a certificate"),
            ("nowhere.pem", "key.pem", 66, "nowhere.pem"),
        ] {
            let run = try await runTenor(
                "serve", "--market", "m", "--users", "users.json", "--tls-certificate",
                fixture(certificate), "--tls-key", fixture(key), in: folder.url)
            #expect(run.exit == exit, "\(run.standardError)")
            #expect(run.standardError.contains(words), "\(run.standardError)")
        }
        for (name, password) in [("alice", "short\n"), ("a b", "long enough\n"), ("alice", "")] {
            let run = try await runTenor(
                "user", "add", name, "--users", "new.json", input: password, in: folder.url)
            #expect(run.exit == 64)
            #expect(
                !FileManager.default.fileExists(
                    atPath: folder.url.appending(path: "new.json").path))
        }
    }
}
