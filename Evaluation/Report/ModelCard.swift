import Foundation
import Quantiles

extension EvaluationReport {
    /// What a user of the forecasts must know, in Markdown: what they are, on which data they were
    /// judged, how well they did, where they fail, and how this page was made.
    func modelCard() -> String {
        let parts: [(title: String, text: String)] = [
            ("What it is", what), ("Data", data),
            ("Accuracy", accuracy),
            ("Calibration", result.shows(.calibration) ? calibration : ""), ("Limits", limits),
            ("How this was made", origin),
        ]
        return "# Model card: \(name)\n\n" + verdict.joined(separator: " ") + "\n"
            + parts.filter { !$0.text.isEmpty }.map { "\n## \($0.title)\n\n\($0.text)" }.joined()
    }

    private var name: String { URL(fileURLWithPath: result.file).lastPathComponent }

    private var rules: String {
        result.rules.name
            + (result.rules.filterText(in: result.market).map { ", \($0)" } ?? "")
    }

    private func list(_ lines: [String?]) -> String {
        lines.compactMap { $0.map { "- \($0)\n" } }.joined()
    }

    private var what: String {
        let levels = result.total.levels
        return list([
            "Forecasts of "
                + (result.isBond
                    ? "the clean prices of corporate bond trades, per 100 of par" : "a label")
                + ": \(counted(levels.count, "quantile")) a row, from "
                + "\(QuantileLevels.percent(levels.values[0])) % to "
                + "\(QuantileLevels.percent(levels.values[levels.count - 1])) %",
            result.quotes == nil ? nil : "Quotes at times of their own, joined with later trades",
        ])
    }

    private var data: String {
        list([
            "Forecasts: `\(result.file)`, \(result.counts.text); "
                + "\(grouped(result.total.rows)) judged",
            result.period.map { "Period: \(text($0))" },
            result.tapeFile.map { "Trades: `\($0)`" },
            result.quotes.map { "Of the tape: \($0.text)" },
            result.market.map { "Market: `\($0.folder)`" + ($0.isSimulated ? ", simulated" : "") },
            result.isBond ? "Protocol: \(rules)" : nil,
            result.oracleFile.map { "Oracle: `\($0)`" },
        ])
    }

    private var accuracy: String {
        let table = result.segmentTable(published: [])
        let regret = result.total.regret?.value.map {
            "\nThe pinball is \(percent($0, decimals: 2)) above the oracle's.\n"
        }
        return "Quantiles and mean of |median − label| in \(result.unit).\n\n" + table.markdown
            + ((result.shows(.regret) ? regret : nil) ?? "")
    }

    private var calibration: String {
        var table = ReportTable(
            header: [
                "segment", "calibration error", "by chance", "inside 5-95", "inside 25-75",
                "mean width 5-95", "crossing rows",
            ])
        for segment in result.segments {
            let metrics = segment.metrics
            func band(_ name: String) -> CentralBand? { metrics.bands.first { $0.name == name } }
            table.add([
                .word(segment.name), .share(metrics.calibrationError, decimals: 2),
                .share(metrics.calibrationErrorByChance, decimals: 2),
                .share(band("5-95")?.coverage), .share(band("25-75")?.coverage),
                .number(band("5-95")?.meanWidth), .count(metrics.crossingRows),
            ])
        }
        return table.markdown
    }

    private var limits: String {
        let worst = result.cohorts.filter { !$0.isSmall }.max {
            $0.metrics.deviance[3].value < $1.metrics.deviance[3].value
        }
        return list(
            result.notes + [
                worst.map {
                    "The largest errors are in the cohort \($0.name.title): 95 % of "
                        + "\(counted($0.metrics.rows, "trade")) within "
                        + "\(text($0.metrics.deviance[3].value, digits: 3)) \(result.unit)."
                },
                result.cohorts.contains(where: \.isSmall)
                    ? "Cohorts of fewer than \(result.rules.smallSample) trades are marked: their "
                        + "numbers say little." : nil,
            ])
    }

    private var origin: String {
        list([
            "`tenor evaluate`, Tenor \(version), \(date.formatted(.iso8601.year().month().day()))",
            "Every number is in `metrics.json`, every table in a CSV file, every figure in an SVG "
                + "file beside this card; definitions are at the foot of `report.html`.",
        ])
    }
}
