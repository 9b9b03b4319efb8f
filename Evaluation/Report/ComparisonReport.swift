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

    /// Writes `metrics.json`, `report.html`, the figures as SVG and `comparison.csv`. Makes the
    /// folder where there is none.
    /// - Returns: the path of the page.
    @discardableResult
    public func write(to folder: String) throws -> String {
        let page = try html()
        let metrics = try result.json()
        try Folder.make(folder)
        for figure in result.figures {
            let svg = figure.svg(standalone: true) + "\n"
            try AtomicFile.write(Array(svg.utf8), to: "\(folder)/\(figure.name).svg")
        }
        try writeTable(to: folder + "/comparison.csv")
        try AtomicFile.write(Array(metrics.utf8), to: folder + "/metrics.json")
        try AtomicFile.write(Array(page.utf8), to: folder + "/report.html")
        return folder + "/report.html"
    }

    private func writeTable(to path: String) throws {
        let header = [
            "grade", "dimension", "cohort", "trades", "small_sample", "theirs", "measure", "ours",
            "theirs_value", "difference", "lower", "upper", "p", "holm_p", "outcome",
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
                        try table.endRow()
                    }
                }
            }
        }
    }

    /// The page: one file that needs no network and no scripts.
    public func html() throws -> String {
        let source = String(decoding: PackageResources.report_mustache, as: UTF8.self)
        return try MustacheTemplate(string: source).render(content())
    }

    private func content() throws -> [String: Any] {
        var facts: [[String: String]] = zip(result.names, result.files).enumerated().map {
            ["name": $0 == 0 ? "Ours: \($1.0)" : $1.0, "value": $1.1]
        }
        facts.append(["name": "Trades compared", "value": grouped(result.matched)])
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
            "sections": try result.sections().map {
                ["title": $0.title, "text": unbroken($0.text), "table": $0.table.html]
            },
        ]
    }
}

extension SignalComparison {
    /// The figures of the report; a signal has its colour on every one.
    var figures: [Figure] {
        [
            devianceFigure, calibrationFigure, cohortFigure(.hour, "hour, US/Eastern"),
            cohortFigure(.week, "weeks, in order"), cohortFigure(.size, "sizes, ascending"),
            intervalFigure,
        ].compactMap(\.self)
    }

    private var devianceFigure: Figure {
        let curves = metrics.map { metrics in
            metrics.devianceCurve.enumerated().map { (x: Double($0) / 100, y: $1) }
        }
        // The last percents of the worst signal would press all others to the floor.
        let shown = curves.map { Array($0.prefix(96)) }
        var plot = Plot(
            x: .shares("share of trades"),
            y: Axis(
                "|median − price| up to, \(unit)", covering: shown.flatMap { $0 }.map(\.y),
                fromZero: true))
        for (index, curve) in shown.enumerated() {
            plot.line(curve, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "deviance", title: "Deviance of the medians",
            reading: "Lower is better. That share of the trades is off by no more than the height "
                + "of the curve, which ends at 95 %.",
            plot: plot)
    }

    private var calibrationFigure: Figure? {
        let shown = names.indices.filter { !isPoint[$0] && metrics[$0].levels.count > 1 }
        guard !shown.isEmpty else { return nil }
        let lines = shown.map { index in
            metrics[index].calibration.map { (x: $0.level, y: 100 * ($0.share - $0.level)) }
        }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "share below − level, percentage points",
                covering: lines.flatMap { $0 }.map(\.y), fromZero: true))
        plot.line([(0, 0), (1, 0)], .nominal)
        for (index, line) in zip(shown, lines) {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "calibration", title: "Departure from calibration",
            reading: "Share of labels at or below each tile minus its level; zero is perfect. "
                + "Signals of one number a trade have no curve.",
            plot: plot)
    }

    private func cohortFigure(_ dimension: CohortDimension, _ axis: String) -> Figure? {
        let rows = cohorts.filter { $0.name.dimension == dimension && !$0.isSmall }
        guard rows.count > 1 else { return nil }
        let lines = names.indices.map { index in
            rows.enumerated().compactMap { place, part in
                value(part, index, "50").map { (x: Double(place + 1), y: $0) }
            }
        }
        var plot = Plot(
            x: .places(
                axis, count: rows.count, names: dimension == .hour ? rows.map(\.name.cohort) : nil),
            y: Axis(
                "median of |median − price|, \(unit)", covering: lines.flatMap { $0 }.map(\.y),
                fromZero: true))
        for (index, line) in lines.enumerated() {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "deviance-\(dimension.rawValue)",
            title: "Median deviance: \(dimension.titleInline)",
            reading: "Lower is better; cohorts of fewer than \(rules.smallSample) trades are left "
                + "out.", plot: plot)
    }

    /// The differences in pinball, else in the mean error, with their intervals.
    private var intervalFigure: Figure? {
        let measure = parts[0].pairs[0].difference("pinball") == nil ? "mean" : "pinball"
        let bars = segments.flatMap { part in
            part.pairs.enumerated().compactMap {
                index, pair -> (Int, ClosedRange<Double>, Double)? in
                guard let difference = pair.difference(measure), let range = difference.interval
                else { return nil }
                return (index + 1, range, difference.difference)
            }
        }
        guard !bars.isEmpty else { return nil }
        let labels = segments.flatMap { part in part.pairs.map { _ in part.name.cohort } }
        var plot = Plot(
            x: .places(
                "segment", count: bars.count, names: labels.count == bars.count ? labels : nil),
            y: Axis(
                "\(measure), ours − theirs, \(unit)",
                covering: bars.flatMap { [$0.1.lowerBound, $0.1.upperBound] }, fromZero: true))
        plot.line([(0, 0), (Double(bars.count + 1), 0)], .nominal)
        for (place, bar) in bars.enumerated() {
            let x = Double(place + 1)
            plot.stroke(
                x: x, from: bar.1.lowerBound, to: bar.1.upperBound, .signal(bar.0), thickness: 3)
            plot.dots([(x, bar.2)], .signal(bar.0), radius: 4)
        }
        for index in names.indices.dropFirst() {
            plot.name(.signal(index), "against " + names[index])
        }
        return Figure(
            name: "differences", title: "Differences with their 95 % intervals",
            reading: "Below zero ours is better; an interval that reaches zero leaves it open.",
            plot: plot)
    }
}
