import Datasets
import Files
import Foundation

/// A feature store, as `inspect` shows it.
struct StoreDescription: Description {
    let days: Int
    let firstDay: String?
    let lastDay: String?
    let isHalf: Bool
    let summary: FeatureStoreSummary
    let schema: FeatureSchema
    /// Whether the text has a line for every feature.
    private let showsFeatures: Bool

    private enum CodingKeys: CodingKey {
        case days, firstDay, lastDay, isHalf, summary, schema
    }

    init(of path: String, showsFeatures: Bool) throws {
        self.showsFeatures = showsFeatures
        let store = try RowsPath.store(path, readsAll: true)
        try store.requireSound()
        days = store.shards.count
        firstDay = store.shards.first?.date
        lastDay = store.shards.last?.date
        isHalf = store.isHalf
        summary = FeatureStoreSummary(store)
        schema = store.schema
    }

    var text: String {
        var lines = ["\(summary.rows) rows, \(days) days"]
        if let firstDay, let lastDay { lines[0] += " from \(firstDay) to \(lastDay)" }
        lines[0] += isHalf ? ", 16-bit" : ""
        lines.append(
            "\(schema.state.count) state and \(schema.condition.count) condition features, "
                + "schema \(schema.hash)")
        lines.append("")
        lines.append(contentsOf: familyTable)
        lines.append("")
        for (title, names) in [
            ("constant", summary.constant), ("identical", summary.identical),
            ("not finite", summary.notFinite),
        ] {
            lines.append("\(title): " + (names.isEmpty ? "none" : Spelling.list(names)))
        }
        for sequence in schema.sequences {
            lines.append(
                "sequence \(sequence.name): steps \(sequence.start) to "
                    + "\(sequence.start + sequence.steps - 1), \(schema.channels) channels")
        }
        if let reference = summary.reference {
            let points = [reference.median, reference.upperQuartile, reference.quantile95]
                .map { String(format: "%.4f", $0) }.joined(separator: " / ")
            lines.append(
                "reference against price, \(reference.rows) trades of $150,000 and more: "
                    + "50/75/95 % \(points) points; label 50/95 % "
                    + String(
                        format: "%.2f / %.2f", reference.labelMedian, reference.labelQuantile95))
        }
        lines.append("")
        if showsFeatures {
            lines.append(contentsOf: schemaTable)
        } else {
            lines.append("--all prints a line for each of the \(schema.features.count) features")
        }
        return lines.joined(separator: "\n")
    }

    /// The families first: what 2,000 lines would not show.
    private var familyTable: [String] {
        let titles = ["family", "features", "mean", "deviation", "minimum", "maximum", "missing"]
        let rows = summary.families.map { family in
            [family.family, "\(family.features)"]
                + [family.mean, family.deviation, family.minimum, family.maximum]
                .map { String(format: "%.3f", $0) }
                + [String(format: "%.1f %%", 100 * family.zeroShare)]
        }
        let note = "missing: the share of zeros, which stand where nothing is known"
        return ([titles] + rows).map(Self.row) + [note]
    }

    private static func row(_ cells: [String]) -> String {
        cells.enumerated().map { column, cell in
            let gap = String(repeating: " ", count: max((column == 0 ? 16 : 11) - cell.count, 1))
            return column == 0 ? cell + gap : gap + cell
        }.joined()
    }

    private var schemaTable: [String] {
        let titles = ["feature", "part", "family", "unit", "window", "missing", "version"]
        var table = [titles]
        for (part, features) in [("state", schema.state), ("condition", schema.condition)] {
            for feature in features {
                table.append([
                    feature.name, part, feature.family, feature.unit, feature.window,
                    feature.missing, "\(feature.version)",
                ])
            }
        }
        let widths = titles.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { cells in
            zip(cells, widths).map { cell, width in
                cell.padding(toLength: width, withPad: " ", startingAt: 0)
            }.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }
}
