import Files
import Foundation
import Quantiles

/// The files that tell a reader how good a forecast table is: a page, figures, tables, numbers.
public struct EvaluationReport: Sendable {
    public let result: EvaluationResult
    /// Tenor's version, for the title block.
    public let version: String
    /// When the evaluation was made.
    public let date: Date

    public init(_ result: EvaluationResult, version: String, date: Date = Date()) {
        self.result = result
        self.version = version
        self.date = date
    }

    /// Writes `metrics.json`, `report.html`, `model-card.md`, every figure as SVG and every table as
    /// CSV; each file appears when it is complete. Makes the folder where there is none.
    /// - Returns: the path of the page.
    @discardableResult
    public func write(to folder: String) throws -> String {
        let path = try page().write(
            to: folder, metrics: result.json(), texts: ["model-card.md": modelCard()])
        try NumberTables(result: result).write(to: folder)
        return path
    }

    /// The page: one file that needs no network and no scripts.
    public func html() throws -> String { try page().html() }

    private func page() throws -> ReportPage {
        ReportPage(
            title: URL(fileURLWithPath: result.file).lastPathComponent,
            kind: "Accuracy report of quantile forecasts", verdict: verdict, facts: facts,
            notes: result.notes, figures: result.figures, sections: result.sections,
            more: [
                "hasNumbers": true,
                "hasGrades": result.segments.count > 1,
                "grades": result.segments.map(\.name),
                "summary": result.summary.map {
                    [
                        "name": $0.name, "values": $0.values.map(unbroken),
                        "remark": unbroken($0.remark),
                    ]
                },
            ])
    }

    private var facts: [(name: String, value: String)] {
        let levels = result.total.levels.values.map(QuantileLevels.percent)
        let facts: [(name: String, value: String?)] = [
            ("Forecasts", result.file), ("Trades of", result.tapeFile),
            ("Oracle", result.oracleFile), ("Market", result.market?.title),
            ("Period", result.period.map(text)),
            ("Protocol", result.isBond ? result.rules.name : nil),
            ("Rows", grouped(result.total.rows)), ("Levels", levels.joined(separator: ", ") + " %"),
            ("Evaluated", date.formatted(.iso8601.year().month().day())), ("Tenor", version),
        ]
        return facts.compactMap { fact in fact.value.map { (fact.name, $0) } }
    }

    /// What the numbers come to, in plain words.
    var verdict: [String] {
        let total = result.total
        var sentences: [String] = []
        if result.shows(.deviance) {
            let unit = result.isBond ? " points" : ""
            sentences.append(
                "Half of the medians are within \(text(total.deviance[0].value, digits: 3))\(unit) of "
                    + "the \(result.isBond ? "price" : "label"), 95 % within "
                    + "\(text(total.deviance[3].value, digits: 3))\(unit).")
        }
        if result.shows(.pinball) {
            sentences.append("The mean pinball is \(text(total.pinball)).")
        }
        if result.shows(.calibration) {
            sentences.append(
                "Tiles miss their level by \(percent(total.calibrationError, decimals: 2)) on "
                    + "average; perfect forecasts of as many rows would miss it by about "
                    + percent(total.calibrationErrorByChance, decimals: 2) + ".")
        }
        if let regret = total.regret, let value = regret.value, result.shows(.regret) {
            sentences.append(
                "The pinball is \(percent(value, decimals: 2)) above that of "
                    + (result.isBond
                        ? "the oracle, which knows what nobody can know."
                        : "the best possible forecasts."))
        }
        guard result.shows(.crossings) else { return sentences }
        sentences.append(
            total.crossings == 0
                ? "No tiles cross."
                : "Tiles cross in \(grouped(total.crossingRows)) of \(counted(total.rows, "row")).")
        return sentences
    }
}
