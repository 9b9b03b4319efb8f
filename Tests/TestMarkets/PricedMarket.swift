import Bonds
import Datasets
import Features
import Files
import Foundation
import Inference
import QuantileModels
import Quantiles
import Random
import Simulation
import Tape

/// A small simulated market with its feature store, and a network on its features that nobody trained.
public struct PricedMarket: Sendable {
    public let path: String
    public let bonds: BondTable
    public let layout: FeatureLayout
    public let model: QuantileModel

    public static let shared = Result { try PricedMarket() }

    private init() throws {
        path = NSTemporaryDirectory() + "tenor-priced-" + UUID().uuidString
        var settings = MarketSettings()
        settings.bonds = 90
        settings.days = 8
        settings.seed = 11
        _ = try SimulatedMarketFolder(path + "/market")
            .write(MarketSimulator(settings), version: "test")
        bonds = try BondTable(market: path + "/market")
        layout = try FeatureLayout(market: path + "/market", bonds: bonds)
        _ = try FeatureBuild(market: path + "/market", store: path + "/store").run()
        model = try Self.network(on: FeatureStore(path: path + "/store"), family: .twoStage)
    }

    /// The market folder.
    public var market: String { path + "/market" }
    public func store() throws -> FeatureStore { try FeatureStore(path: path + "/store") }

    /// A network with random weights, its inputs scaled to the first rows of a store.
    public static func network(
        on store: FeatureStore, family: NetworkSpec.Family
    ) throws -> QuantileModel {
        let schema = store.schema
        let names = schema.features.map(\.name)
        let inputs = InputTransform(
            fitting: .clipped,
            to: FeatureMatrix(
                names: names, values: store.features(of: 0..<min(200, store.rowCount))),
            structure: FeatureStructure(conditions: schema.condition.count))
        let levels = QuantileLevels.standard
        var spec = NetworkSpec(family: family, hidden: [24, 16])
        if family == .twoStage { spec.head = [12] }
        return QuantileModel(
            nets: [
                .init(
                    inputs: inputs, label: LabelScaling(mean: 0, deviation: 1.5),
                    network: QuantileNetwork(
                        spec, layout: inputs.layout, levels: levels,
                        quantiles: levels.values.map { 3 * ($0 - 0.5) },
                        stream: RandomStream(seed: 4)))
            ], target: .residual, provenance: ["schema": schema.hash])
    }

    public func archive(states: EngineStates? = nil) -> MarketArchive {
        MarketArchive(market: market, bonds: bonds, layout: layout, states: states)
    }

    /// 15:00 in New York, so many days after the first trade.
    public func moment(day: Int) throws -> Int64 {
        let reader = try TradeReader(
            path: TradeFile.path(market: market), disorder: MarketReplay.tradeDisorder)
        let first = try reader.next()?.first?.reportTime ?? 0
        return EasternTime.nanoseconds(
            EasternTime.date(first) + day, timeOfDay: 15 * 3_600_000_000_000)
    }
}
