import Files
import Foundation
import Mustache
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

    /// Writes `metrics.json`, `report.html`, every figure as SVG, every table as CSV, and the table
    /// of all signals as Markdown too. Makes the folder where there is none.
    /// - Returns: the path of the page.
    @discardableResult
    public func write(to folder: String) throws -> String {
        let sections = try result.sections()
        let page = try html(sections)
        let metrics = try result.json()
        try Folder.make(folder)
        for figure in result.figures {
            let svg = figure.svg(standalone: true) + "\n"
            try AtomicFile.write(Array(svg.utf8), to: "\(folder)/\(figure.name).svg")
        }
        for section in sections {
            if let file = section.file { try section.table.write(to: "\(folder)/\(file).csv") }
        }
        try writeTable(to: folder + "/comparison.csv")
        let table = result.sideBySide.table.markdown
        try AtomicFile.write(Array(table.utf8), to: folder + "/side-by-side.md")
        try AtomicFile.write(Array(metrics.utf8), to: folder + "/metrics.json")
        try AtomicFile.write(Array(page.utf8), to: folder + "/report.html")
        return folder + "/report.html"
    }

    private func writeTable(to path: String) throws {
        let header = [
            "grade", "dimension", "cohort", "trades", "small_sample", "theirs", "measure", "ours",
            "theirs_value", "difference", "lower", "upper", "p", "holm_p", "outcome", "days_needed",
        ]
        try CSVWriter.write(to: path, header: header) { table in
            for part in result.parts {
                for pair in part.pairs {
                    for difference in pair.differences {
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
    public func html() throws -> String { try html(result.sections()) }

    private func html(_ sections: [ReportSection]) throws -> String {
        let source = String(decoding: PackageResources.report_mustache, as: UTF8.self)
        return try MustacheTemplate(string: source).render(content(sections))
    }

    private func content(_ sections: [ReportSection]) -> [String: Any] {
        var facts: [[String: String]] = zip(result.names, result.files).enumerated().map {
            ["name": $0 == 0 ? "Ours: \($1.0)" : $1.0, "value": $1.1]
        }
        facts.append(["name": "Trades compared", "value": grouped(result.matched)])
        if let period = result.period {
            facts.append(["name": "Period", "value": text(period)])
        }
        facts.append(["name": "Protocol", "value": result.rules.name])
        if let market = result.market {
            facts.append([
                "name": "Market",
                "value": market.folder + (market.isSimulated ? " (simulated market)" : ""),
            ])
        }
        facts.append(["name": "Compared", "value": date.formatted(.iso8601.year().month().day())])
        facts.append(["name": "Tenor", "value": version])
        return [
            "colours": Palette.colours(of: ":root"), "marks": Palette.marks,
            "file": result.names.joined(separator: " – "),
            "kind": "Comparison of signals on the same trades",
            "verdict": result.verdicts.map(unbroken), "facts": facts,
            "notes": result.remarks.map(unbroken),
            "figures": result.figures.map { figure in
                [
                    "name": figure.name, "title": figure.title,
                    "reading": unbroken(figure.reading), "svg": figure.svg(standalone: false),
                ]
            },
            "sections": sections.map {
                ["title": $0.title, "text": unbroken($0.text), "table": $0.table.html]
            },
        ]
    }
}
