import Baselines
import Bonds
import Files
import Foundation
import Quantiles
import Simulation
import Tape

/// A market folder that lives as long as the test that made it.
final class MarketScratch {
    let path = NSTemporaryDirectory() + "tenor-baselines-" + UUID().uuidString
    var market: String { path + "/market" }
    /// The distributions of all trades, by execution time and CUSIP.
    private(set) var truths: [String: TrueDistribution] = [:]

    init(_ settings: MarketSettings) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let simulated = try settings.makeMarket()
        let bonds = simulated.bonds
        _ = try SimulatedMarketFolder(market).write(simulated, version: "test") { day in
            for trade in day.trades {
                truths[Self.key(trade.executionTime, bonds[trade.bond].cusip)] = trade.truth
            }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func key(_ time: Int64, _ cusip: String) -> String { "\(time) \(cusip)" }

    /// Runs a job on the folder.
    func run(
        _ method: BaselineMethod, market: String? = nil,
        _ change: (inout BaselineJob) -> Void = { _ in }
    ) throws -> (summary: BaselineSummary, table: ForecastTable) {
        var job = BaselineJob(method, market: market ?? self.market)
        change(&job)
        let out = path + "/\(method.rawValue)-\(UUID().uuidString).csv"
        let summary = try job.run(to: out)
        return (summary, try ForecastTable(path: out))
    }

    /// The trades of the folder.
    func trades() throws -> TradeTable { try TradeTable(path: market + "/trades.csv") }

    /// A copy of the folder with other trades, which must be in report order.
    func copy(named name: String, trades: TradeTable) throws -> String {
        let folder = path + "/" + name
        try FileManager.default.copyItem(atPath: market, toPath: folder)
        try FileManager.default.removeItem(atPath: folder + "/trades.csv")
        try trades.write(to: folder + "/trades.csv")
        return folder
    }
}

extension MarketSettings {
    init(bonds: Int, days: Int, seed: UInt64 = 1, linearGaussian: Bool = false) {
        self.init()
        self.bonds = bonds
        self.days = days
        self.seed = seed
        self.linearGaussian = linearGaussian
    }
}

extension ForecastTable {
    /// Mean pinball over rows and levels.
    func meanPinball(_ tiles: (Int) -> [Double]) -> Double {
        var sum = 0.0
        for row in 0..<rowCount {
            for (level, tile) in zip(levels.values, tiles(row)) {
                sum += pinball(label: label?[row] ?? .nan, forecast: tile, level: level)
            }
        }
        return sum / Double(rowCount * levels.count)
    }

    func column(_ name: String) -> TextColumn? { otherColumns.first { $0.name == name } }
}
