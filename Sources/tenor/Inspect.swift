import ArgumentParser
import Bonds
import Datasets
import Features
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Terminal

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Describes a checkpoint, a run, a CSV file, a feature store or a market folder.",
        discussion: """
            Of a checkpoint: the network, the levels, the features with what happens to them, \
            what it was trained on. Of a run directory: how far it is, and its \
            recipe. Of a CSV file: the columns with their range, missing cells and whether they \
            are numbers. Of a feature store: the numbers of each family, and \
            with --all what every feature is; every byte of its shards is checked, which reads all \
            of it. A market folder is validated: its tables \
            and trades are counted, what in them is doubtful is told, and what is wrong ends it, \
            with file and line.

            Example:
              tenor inspect run/model.safetensors
            """)

    @Argument(
        help: "A checkpoint, a run directory, a CSV file, a feature store or a market folder.")
    var file: String

    @Flag(help: "Of a feature store: a line for every feature too.")
    var all = false

    @Flag(help: "Print one JSON object, which has all.")
    var json = false

    func run() throws {
        if RunDescription.isRun(file) {
            try show(RunDescription(of: file))
        } else if FeatureStore.isStore(file) {
            try show(StoreDescription(of: file, showsFeatures: all))
        } else if try isMarket {
            try show(MarketDescription(of: file))
        } else if file.hasSuffix(".safetensors") {
            try show(CheckpointDescription(of: Checkpoint.load(file)))
        } else if MarketFolder.isFolder(file) {
            throw FileError(
                .badData, file: file, "this folder is nothing that tenor knows",
                expected: "a run (recipe.yaml), a feature store (schema.json) or a market "
                    + "(bonds.csv) in it",
                advice: TrainingJob.firstRun(below: file).map { _ in
                    "'tenor experiments \(file)' lists the runs in it"
                } ?? "Name a file in it, or another folder")
        } else {
            try show(TableDescription(of: TabularSummary(path: file)))
        }
    }

    /// Whether a table of a market is in the folder, be it the only one.
    private var isMarket: Bool {
        get throws(FileError) {
            for input in FeatureInput.all
            where try MarketFolder.path(of: input.table, in: file) != nil { return true }
            return false
        }
    }

    private func show(_ description: some Description) throws {
        if json {
            try StandardOutput.print(json: description)
        } else {
            print(description.text)
        }
    }
}

/// What `inspect` found, as an object and as text.
protocol Description: Encodable {
    var text: String { get }
}

private struct CheckpointDescription: Description {
    struct Input: Encodable {
        let feature: String
        let use: String
    }

    let model: NetworkSpec
    let parameters: Int
    let levels: [Double]
    let inputs: [Input]
    let nets: Int
    let target: ForecastTarget
    let labelMean: Float
    let labelDeviation: Float
    let recalibration: String
    let recalibrationValues: [Float]
    let schemaHash: String
    let provenance: [String: String]

    init(of model: QuantileModel) {
        let first = model.nets[0]
        self.model = model.spec
        parameters = model.parameterCount
        levels = model.levels.values
        inputs = zip(model.features, first.inputs.uses).map { Input(feature: $0, use: $1) }
        nets = model.nets.count
        target = model.target
        labelMean = first.label.mean
        labelDeviation = first.label.deviation
        recalibration = model.recalibration.kind.rawValue
        recalibrationValues = model.recalibration.values
        schemaHash = Checkpoint.schemaHash(model.features)
        provenance = model.provenance
    }

    private var network: String {
        func widths(_ hidden: [Int]) -> String {
            hidden.map(String.init).joined(separator: " x ")
        }
        guard !model.hidden.isEmpty else { return model.family.rawValue }
        var parts = [
            model.family.rawValue, "\(widths(model.hidden)) hidden", model.activation.rawValue,
        ]
        if let embedding = model.embedding { parts.append("features embedded in \(embedding)") }
        if let lasso = model.inputGates { parts.append("input gates with a lasso of \(lasso)") }
        if model.members > 1 { parts.append("\(model.members) members") }
        if let encoder = model.encoder {
            parts.append("steps read by \(encoder.kind.rawValue) of \(encoder.width)")
        }
        if !model.head.isEmpty { parts.append("head \(widths(model.head))") }
        return parts.joined(separator: ", ")
    }

    var text: String {
        let width = inputs.map(\.feature.count).max() ?? 0
        var rows = [
            ("Network", network),
            ("Parameters", nets == 1 ? "\(parameters)" : "\(parameters) in \(nets) nets"),
            (
                "Levels",
                "\(levels.count): "
                    + levels.map { QuantileLevels.percent($0) }.joined(separator: " ") + " %"
            ),
            ("Target", target.rawValue),
            ("Label", String(format: "mean %.6g, deviation %.6g", labelMean, labelDeviation)),
            ("Recalibration", recalibration),
            ("Schema", "\(inputs.count) features, hash \(schemaHash)"),
        ]
        rows += provenance.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let names = max(18, (rows.map(\.0.count).max() ?? 0) + 2)
        let lines = rows.map { $0.padding(toLength: names, withPad: " ", startingAt: 0) + $1 }
        let features = inputs.map {
            "  " + $0.feature.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.use
        }
        return (lines + ["Features"] + features).joined(separator: "\n")
    }
}

private struct TableDescription: Description {
    struct Column: Encodable {
        let name: String
        let numbers: Int
        let missing: Int
        let texts: Int
        let minimum: Double?
        let mean: Double?
        let maximum: Double?
        let firstText: String?
        let firstTextLine: Int?
    }

    let rows: Int
    let columns: [Column]
    let split: [String: Int]?

    init(of summary: TabularSummary) {
        rows = summary.rowCount
        columns = summary.columns.map { column in
            let hasNumbers = column.numbers > 0
            return Column(
                name: column.name, numbers: column.numbers, missing: column.missing,
                texts: column.texts, minimum: hasNumbers ? column.minimum : nil,
                mean: hasNumbers ? column.mean : nil, maximum: hasNumbers ? column.maximum : nil,
                firstText: column.firstText?.text, firstTextLine: column.firstText?.line)
        }
        split = summary.splitCounts.map { counts in
            Dictionary(uniqueKeysWithValues: counts.map { ($0.rawValue, $1) })
        }
    }

    var text: String {
        var lines = ["\(rows) rows, \(columns.count) columns"]
        if let split {
            lines.append(
                "split: "
                    + split.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
                    .joined(separator: ", "))
        }
        let width = max(columns.map(\.name.count).max() ?? 0, 6)
        lines.append(
            Self.cells("column", width, "numbers", "missing", "minimum", "mean", "maximum"))
        for column in columns {
            let line = Self.cells(
                column.name, width, "\(column.numbers)", "\(column.missing)",
                Self.number(column.minimum), Self.number(column.mean), Self.number(column.maximum))
            let note =
                column.firstText.map {
                    "  \(column.texts) texts, the first '\($0)' in line \(column.firstTextLine ?? 0)"
                } ?? ""
            lines.append(line + note)
        }
        return lines.joined(separator: "\n")
    }

    private static func cells(_ name: String, _ width: Int, _ values: String...) -> String {
        name.padding(toLength: width, withPad: " ", startingAt: 0)
            + values.map { String(repeating: " ", count: max(12 - $0.count, 1)) + $0 }.joined()
    }

    private static func number(_ value: Double?) -> String {
        value.map { String(format: "%.6g", $0) } ?? "-"
    }
}
