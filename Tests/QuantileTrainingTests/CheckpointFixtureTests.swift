import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import Quantiles
import Testing

/// Checkpoints that this and older versions wrote load for ever, and forecast what they did.
@Suite struct CheckpointFixtureTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/checkpoint").path

    @Test("A stored checkpoint loads and forecasts what it did when it was written")
    func forecasts() throws {
        let scratch = try Scratch()
        let model = try Checkpoint.load("\(Self.folder)/format-2.safetensors")
        #expect(model.nets.count == 2 && model.spec.members == 2)
        #expect(model.features == ["a", "b", "c"])
        #expect(model.recalibration.kind == .multiplier)
        var options = TabularReader.Options()
        options.part = .test
        let output = scratch.file("forecasts.csv")
        _ = try Scorer(model: model).score(
            "\(Self.folder)/data.csv", options: options, to: output)
        try expectTiles(of: "forecasts.csv", in: output)
    }

    @Test("So does one of two stages, with gates and an encoder of steps, on a stored store")
    func storeForecasts() throws {
        let scratch = try Scratch()
        let model = try Checkpoint.load("\(Self.folder)/format-2-two-stage.safetensors")
        #expect(model.spec.family == .twoStage && model.spec.inputGates == 0.3)
        #expect(model.spec.encoder?.kind == .attention)
        let scorer = StoreScorer(model: model)
        let store = try FeatureStore(path: "\(Self.folder)/store")
        let output = scratch.file("forecasts.csv")
        _ = try scorer.score(store, rows: scorer.rows(of: store, part: .test), to: output)
        try expectTiles(of: "forecasts-two-stage.csv", in: output)
    }

    private func expectTiles(of fixture: String, in output: String) throws {
        let expected = try ForecastTable(path: "\(Self.folder)/\(fixture)")
        let found = try ForecastTable(path: output)
        try #require(found.rowCount == expected.rowCount && found.levels == expected.levels)
        for row in 0..<found.rowCount {
            for (a, b) in zip(found.tiles(row: row), expected.tiles(row: row)) {
                // Kernels of other processors add up in another order.
                #expect(abs(a - b) < 1e-4)
            }
        }
    }
}
