import Files
import Foundation
import Quantiles

/// The files that tell a reader which signal is better: a page, figures, tables, numbers.
public struct ComparisonReport: Sendable {
    public let result: SignalComparison
    /// Tenor's version, for the title block.
    public let version: String
    public let date: Date

    public init(_ result: SignalComparison, version: String, date: Date = Date()) {
        self.result = result
        self.version = version
        self.date = date
    }

    /// Writes `metrics.json`, `report.html`, `model-card.md`, every figure as SVG, every table as
    /// CSV, and the table of all signals as Markdown too. Makes the folder where there is none.
    /// - Returns: the path of the page.
    @discardableResult
    public func write(to folder: String) throws -> String {
        let path = try page().write(
            to: folder, metrics: result.json(),
            texts: [
                "model-card.md": modelCard(),
                "side-by-side.md": result.sideBySide.table.markdown,
            ])
        try writeTable(to: folder + "/comparison.csv")
        return path
    }

    private func writeTable(to path: String) throws {
        let header = [
            "grade", "dimension", "cohort", "trades", "small_sample", "theirs", "measure", "ours",
            "theirs_value", "difference", "lower", "upper", "p", "holm_p", "outcome", "days_needed",
        ]
        try CSVWriter.write(to: path, header: header) { table in
            for part in result.parts {
                for pair in part.pairs {
                    for difference in pair.differences where result.shows(difference.family) {
                        table.field(part.name.grade ?? "all")
                        table.field(part.name.dimension?.rawValue ?? "")
                        table.field(part.name.cohort)
                        table.field(part.rows)
                        table.field(part.isSmall ? "Y" : "N")
                        table.field(pair.theirs)
                        table.field(difference.measure)
                        for value in [
                            difference.ours, difference.theirs, difference.difference,
                            difference.interval?.lowerBound ?? .nan,
                            difference.interval?.upperBound ?? .nan,
                            difference.probability ?? .nan,
                            pair.adjusted[difference.measure] ?? .nan,
                        ] {
                            table.field(value)
                        }
                        table.field(difference.outcome.rawValue)
                        Cell.count(difference.daysNeeded).write(to: &table)
                        try table.endRow()
                    }
                }
            }
        }
    }

    /// The page: one file that needs no network and no scripts.
    public func html() throws -> String { try page().html() }

    private func page() throws -> ReportPage {
        ReportPage(
            title: result.names.joined(separator: " – "),
            kind: "Comparison of signals on the same trades",
            verdict: result.headline.map { [$0] } ?? result.verdicts,
            details: result.headline == nil ? [] : result.verdicts, facts: facts,
            notes: result.remarks, figures: result.figures, sections: result.sections)
    }

    private var facts: [(name: String, value: String)] {
        let files = zip(result.names, result.files).enumerated().map { index, signal in
            (name: index == 0 ? "Ours: \(signal.0)" : signal.0, value: String?.some(signal.1))
        }
        let facts =
            files + [
                ("Trades compared", grouped(result.matched)),
                ("Period", result.period.map(text)), ("Protocol", result.rules.name),
                ("Market", result.market?.title),
                ("Compared", date.formatted(.iso8601.year().month().day())), ("Tenor", version),
            ]
        return facts.compactMap { fact in fact.value.map { (fact.name, $0) } }
    }
}
