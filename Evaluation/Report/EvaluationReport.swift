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
        try writeTables { folder + "/" + $0 }
        return path
    }

    private func writeTables(_ path: (String) -> String) throws {
        let total = result.total
        try CSVWriter.write(
            to: path("levels.csv"),
            header: ["level", "share_below", "lower", "upper", "ties", "pinball"]
                + (total.regret == nil ? [] : ["oracle_pinball"])
        ) { table in
            for (index, point) in total.calibration.enumerated() {
                table.field(point.level)
                table.field(point.share)
                table.field(point.lower)
                table.field(point.upper)
                table.field(point.ties)
                table.field(total.pinballByLevel[index])
                if let regret = total.regret { table.field(regret.oraclePinballByLevel[index]) }
                try table.endRow()
            }
        }
        if result.isBond { try writeCohorts(to: path("cohorts.csv")) }
        try CSVWriter.write(to: path("deviance.csv"), header: ["percent", "deviance"]) { table in
            for (percent, value) in total.devianceCurve.enumerated() {
                table.field(percent)
                table.field(value)
                try table.endRow()
            }
        }
        try CSVWriter.write(
            to: path("width.csv"),
            header: ["decile", "rows", "mean_width", "mae", "median_absolute_error", "coverage"]
        ) { table in
            for decile in total.widthAgainstError.deciles {
                table.field(decile.decile)
                table.field(decile.rows)
                table.field(decile.meanWidth)
                table.field(decile.meanAbsoluteError)
                table.field(decile.medianAbsoluteError)
                table.field(decile.coverage)
                try table.endRow()
            }
        }
    }

    private func writeCohorts(to path: String) throws {
        let header = [
            "grade", "dimension", "cohort", "rows", "small_sample", "deviance_50", "deviance_75",
            "deviance_80", "deviance_95", "mae", "pinball", "crps", "calibration_error",
            "coverage_5_95", "mean_width_5_95", "durbin_watson",
        ]
        let segments = result.segments.map {
            (grade: $0.name, dimension: "", cohort: "", metrics: $0.metrics, isSmall: false)
        }
        let cohorts = result.cohorts.map {
            (
                grade: $0.name.grade ?? "all", dimension: $0.name.dimension?.rawValue ?? "",
                cohort: $0.name.cohort, metrics: $0.metrics, isSmall: $0.isSmall
            )
        }
        try CSVWriter.write(to: path, header: header) { table in
            for row in segments + cohorts {
                let metrics = row.metrics
                let band = metrics.bands.first { $0.name == "5-95" }
                for text in [row.grade, row.dimension, row.cohort] { table.field(text) }
                table.field(metrics.rows)
                table.field(row.isSmall ? "Y" : "N")
                for quantile in metrics.deviance { table.field(quantile.value) }
                for value in [
                    metrics.meanAbsoluteError, metrics.pinball, metrics.crps,
                    metrics.calibrationError, band?.coverage ?? .nan, band?.meanWidth ?? .nan,
                    metrics.durbinWatson ?? .nan,
                ] {
                    table.field(value)
                }
                try table.endRow()
            }
        }
    }

    /// The page: one file that needs no network and no scripts.
    public func html() throws -> String { try page().html() }

    private func page() throws -> ReportPage {
        let total = result.total
        return ReportPage(
            title: URL(fileURLWithPath: result.file).lastPathComponent,
            kind: "Accuracy report of quantile forecasts", verdict: verdict, facts: facts,
            notes: result.notes, figures: result.figures, sections: try result.sections(),
            more: [
                "hasNumbers": true,
                "summary": result.summary.map {
                    ["name": $0.name, "value": $0.value, "remark": unbroken($0.remark)]
                },
                "hasOracle": total.regret != nil,
                "levels": levelRows,
                "hasDeciles": !total.widthAgainstError.deciles.isEmpty,
                "deciles": total.widthAgainstError.deciles.map {
                    [
                        "decile": String($0.decile), "rows": grouped($0.rows),
                        "width": text($0.meanWidth), "mean": text($0.meanAbsoluteError),
                        "median": text($0.medianAbsoluteError), "coverage": percent($0.coverage),
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
        var sentences = [
            "Half of the medians are within \(text(total.deviance[0].value, digits: 3)) of the "
                + "label, 95 % within \(text(total.deviance[3].value, digits: 3)). The mean pinball "
                + "is \(text(total.pinball))."
        ]
        sentences.append(
            "Tiles miss their level by \(percent(total.calibrationError, decimals: 2)) on average; "
                + "perfect forecasts of as many rows would miss it by about "
                + percent(total.calibrationErrorByChance, decimals: 2) + ".")
        if let regret = total.regret, let value = regret.value {
            sentences.append(
                "The pinball is \(percent(value, decimals: 2)) above that of "
                    + (result.isBond
                        ? "the oracle, which knows what nobody can know."
                        : "the best possible forecasts."))
        }
        sentences.append(
            total.crossings == 0
                ? "No tiles cross."
                : "Tiles cross in \(grouped(total.crossingRows)) of \(counted(total.rows, "row")).")
        return sentences
    }

    private var levelRows: [[String: Any]] {
        let total = result.total
        return total.calibration.enumerated().map { index, point in
            var row: [String: Any] = [
                "level": QuantileLevels.percent(point.level) + " %",
                "share": percent(point.share, decimals: 2),
                "interval": percent(point.lower, decimals: 2) + " … "
                    + percent(point.upper, decimals: 2),
                "missed": point.level < point.lower || point.level > point.upper,
                "ties": grouped(point.ties), "pinball": text(total.pinballByLevel[index]),
            ]
            if let regret = total.regret {
                row["oracle"] = text(regret.oraclePinballByLevel[index])
                row["regret"] = percent(regret.byLevel[index], decimals: 2)
            }
            return row
        }
    }
}
