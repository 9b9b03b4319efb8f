import Foundation
import Quantiles
import Testing

@Suite("Quantile levels")
struct QuantileLevelsTests {
    @Test("the standard levels are the nineteen literals 0.05 … 0.95")
    func standard() {
        #expect(
            QuantileLevels.standard.values == [
                0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75,
                0.8, 0.85, 0.9, 0.95,
            ])
        #expect(QuantileLevels.standard.medianIndex == 9)
        #expect(QuantileLevels.standard.names.first == "5_tile")
        #expect(QuantileLevels.standard.names[10] == "55_tile")
    }

    @Test(
        "a list that is not strictly increasing inside (0, 1) is refused",
        arguments: [
            [], [0.5, 0.5], [0.6, 0.4], [0, 0.5], [0.5, 1], [.nan], [-0.1], [.infinity],
        ])
    func refused(values: [Double]) {
        #expect(throws: QuantileLevelsError.self) { try QuantileLevels(values) }
    }

    @Test("a name leads back to its level, also for uneven levels")
    func names() throws {
        let levels = try QuantileLevels([0.001, 0.025, 0.07, 1.0 / 3, 0.55, 0.975])
        #expect(levels.names[1] == "2.5_tile")
        #expect(levels.names[2] == "7_tile")
        #expect(levels.names[3].hasPrefix("33.33333333"))
        for (index, name) in levels.names.enumerated() {
            #expect(QuantileLevels.level(named: name).flatMap(levels.index(of:)) == index)
        }
    }

    @Test(
        "other column names are not levels",
        arguments: [
            "ytm_5_tile", "tile", "_tile", "5", "0_tile", "100_tile", "nan_tile", "+5_tile",
        ])
    func otherNames(name: String) {
        #expect(QuantileLevels.level(named: name) == nil)
    }

    @Test("the median is the nearest level, the lower of two")
    func median() throws {
        #expect(try QuantileLevels([0.1, 0.45, 0.9]).medianIndex == 1)
        #expect(try QuantileLevels([0.25, 0.75]).medianIndex == 0)
    }

    @Test("decoding checks the levels as the initialiser does")
    func codable() throws {
        let data = try JSONEncoder().encode(QuantileLevels.standard)
        #expect(try JSONDecoder().decode(QuantileLevels.self, from: data) == .standard)
        #expect(throws: QuantileLevelsError.self) {
            try JSONDecoder().decode(QuantileLevels.self, from: Data("[0.5,0.1]".utf8))
        }
    }
}
