import Foundation
import QuantileEvaluation
import Quantiles
import Testing

/// The arithmetic after the draws: NumPy and SciPy were given the same draws.
@Suite("Bootstrap agrees with NumPy and SciPy draw by draw")
struct BootstrapTests {
    private let reference: [String: Any]
    private let resampling: Resampling

    init() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("bootstrap.json")))
        let reference = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        // A draw is a string: a digit a cluster says how often it comes.
        func counts(_ name: String) -> [[Int]] {
            (reference[name] as? [String] ?? []).map { $0.compactMap(\.wholeNumberValue) }
        }
        self.reference = reference
        resampling = Resampling(counts: [
            .calibrationDays: counts("calibration_days"), .days: counts("days"),
            .bonds: counts("bonds"), .cells: counts("cells"),
        ])
    }

    private func numbers(_ key: String) -> [Double] {
        let paired = reference["paired"] as? [String: Any]
        return ((paired?[key] ?? reference[key]) as? [NSNumber])?.map(\.doubleValue) ?? []
    }

    @Test("bands of the calibration curve, whole days")
    func bands() throws {
        let result = try Evaluation.run(
            forecasts: ForecastTable(path: fixture("trades_first.csv")), resampling: resampling)
        let bands = try #require(result.segments[0].detail?.calibrationBands)
        #expect(agree(bands.lower, numbers("band_lower")))
        #expect(agree(bands.upper, numbers("band_upper")))
    }

    @Test("intervals, standard errors and probabilities of every measure")
    func intervals() throws {
        let result = try Comparison.run(
            [
                ForecastTable(path: fixture("trades_first.csv")),
                ForecastTable(path: fixture("trades_second.csv")),
            ], resampling: resampling)
        let pair = result.parts[0].pairs[0]
        #expect(pair.differences.map(\.measure) == ["50", "75", "95", "mean", "pinball", "won"])
        for difference in pair.differences {
            let interval = try #require(difference.interval)
            let ours = [
                difference.difference, interval.lowerBound, interval.upperBound,
                try #require(difference.standardError), try #require(difference.probability),
            ]
            #expect(agree(ours, numbers(difference.measure)), "\(difference.measure): \(ours)")
        }
    }
}
