import Datasets
import Files
import Foundation
import QuantileTraining
import Random

/// A feature store whose residuals are known, and a recipe that learns them in no time.
enum TestStore {
    static let rowsPerDay = 40
    fileprivate static let day: Int64 = 86_400_000_000_000
    /// 2024-01-01 in UTC epoch nanoseconds.
    fileprivate static let start: Int64 = 1_704_067_200_000_000_000

    static func schema(version: Int = 1) -> FeatureSchema {
        func feature(_ name: String) -> FeatureDefinition {
            FeatureDefinition(
                name: name, family: "test", unit: "1", window: "", missing: "0", version: version)
        }
        return FeatureSchema(
            state: (0..<8).map { feature("s\($0)") }, condition: (0..<2).map { feature("c\($0)") },
            sequences: [.init(name: "prints", start: 0, steps: 2)], channels: 3, sectors: [],
            options: [])
    }

    static func recipe(_ overrides: String...) throws -> Recipe {
        try Recipe(
            "bonds",
            overrides: [
                "model={family: two-stage, hidden: [16, 8], head: [8]}", "training.steps=400",
                "training.batch=64", "training.learning_rate=0.01", "training.warm_up=10",
                "validation.every=50", "validation.warm_up_days=2", "validation.days=4",
                "validation.test_days=5", "training.averaging=0.9",
            ] + overrides)
    }
}

extension Scratch {
    /// A store of so many days. The residual is s7 + 2 c0 with noise; the second row of every day
    /// was reported two days late.
    func store(
        _ name: String, days: Int, schema: FeatureSchema = TestStore.schema(), seed: UInt64 = 3,
        edit: (_ day: Int, _ rows: inout FeatureRows) -> Void = { _, _ in },
        editFeatures: (_ day: Int, _ block: FeatureBlock) -> Void = { _, _ in }
    ) throws -> FeatureStore {
        let folder = file(name)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try Data(schema.json()).write(to: URL(filePath: folder + "/" + FeatureSchema.fileName))
        var random = RandomStream(seed: seed)
        for day in 0..<days {
            var rows = FeatureRows()
            let block = FeatureBlock(
                capacity: TestStore.rowsPerDay, stateWidth: 8, conditionWidth: 2)
            rows.append(block, rows: TestStore.rowsPerDay)
            for row in 0..<TestStore.rowsPerDay {
                let state = (0..<8).map { $0 % 3 == 0 ? 1 : Float(random.normal()) }
                let condition = [Float(row % 2), Float(random.normal())]
                block.state(row: row).update(from: state, count: 8)
                block.condition(row: row).update(from: condition, count: 2)
                let label = state[7] + 2 * condition[0] + 0.1 * Float(random.normal())
                let time =
                    TestStore.start + Int64(day) * TestStore.day + Int64(row) * 1_000_000_000
                rows.label.append(label)
                rows.reference.append(100)
                rows.scale.append(0.5)
                rows.weight.append(1)
                rows.time.append(time)
                rows.reportTime.append(time + (row == 1 ? 2 * TestStore.day : 1))
                rows.quantity.append(1e6)
                rows.price.append(100 + 0.5 * Double(label))
                rows.side.append(UInt8(row % 3))
                rows.isATS.append(UInt8(row % 2))
                rows.cusip.append("00000000\(row % 10)")
                rows.figi.append("")
                rows.tradeID.append("t\(day)-\(row)")
            }
            editFeatures(day, block)
            edit(day, &rows)
            let date = String(format: "2024-01-%02d", day + 1)
            try rows.write(
                to: "\(folder)/\(date)\(FeatureStore.shardSuffix)", schemaHash: schema.hash)
        }
        return try FeatureStore(path: folder)
    }
}
