import Quantiles

/// One number of the report, with what a reader needs to judge it.
struct SummaryLine {
    let name: String
    let value: String
    let remark: String
}

extension EvaluationResult {
    /// The numbers that the terminal and the page both show, most important first.
    var summary: [SummaryLine] {
        let total = total
        var lines = [
            SummaryLine(
                name: "Mean pinball", value: text(total.pinball),
                remark:
                    "over \(total.levels.count) levels, in \(isBond ? "points" : "the label's units")"
            ),
            SummaryLine(
                name: "CRPS", value: text(total.crps), remark: "twice the mean pinball"),
        ]
        if let regret = total.regret { lines.append(Self.line(regret)) }
        lines.append(
            SummaryLine(
                name: "Calibration error", value: percent(total.calibrationError, decimals: 2),
                remark: "mean over the levels; chance alone gives about "
                    + percent(total.calibrationErrorByChance, decimals: 2)))
        if let regret = total.regret { lines.append(Self.calibrationLine(regret)) }
        for band in total.bands where [5, 25].contains(band.lowerPercent) {
            lines.append(
                line(
                    "Inside \(band.name) %", percent(band.coverage), "coverage.\(band.name)",
                    "should be \(percent(band.nominal, decimals: 0)); mean width "
                        + text(band.meanWidth)))
        }
        for quantile in total.deviance {
            lines.append(
                SummaryLine(
                    name: "Deviance, \(quantile.percent) %", value: text(quantile.value),
                    remark: "\(quantile.percent) % of rows have |median − label| up to this"))
        }
        lines += [
            SummaryLine(
                name: "MAE", value: text(total.meanAbsoluteError), remark: "mean |median − label|"),
            SummaryLine(
                name: "RMSE", value: text(total.rootMeanSquareError),
                remark: "root mean square of median − label"),
            SummaryLine(
                name: "Bias", value: text(total.meanError), remark: "mean of label − median"),
            SummaryLine(
                name: "Crossings", value: grouped(total.crossings),
                remark: "neighbouring tiles out of order, in \(grouped(total.crossingRows)) rows"),
            line(
                "Durbin-Watson", text(total.durbinWatson), "durbin_watson",
                total.durbinWatson.map(Self.meaning(ofDurbinWatson:)) ?? ""),
            line(
                "Width and error, Pearson", text(total.widthAgainstError.pearson, digits: 3),
                "width_error.pearson", "does q95 − q5 grow with |median − label|?"),
            line(
                "Width and error, Spearman", text(total.widthAgainstError.spearman, digits: 3),
                "width_error.spearman", "the same, by ranks"),
        ]
        return lines
    }

    /// A line whose number may be missing; then the remark is the reason.
    private func line(
        _ name: String, _ value: String, _ metric: String, _ remark: String
    ) -> SummaryLine {
        let omission =
            total.omissions.first { $0.metric == metric }
            ?? total.omissions.first { metric.hasPrefix($0.metric + ".") }
        return SummaryLine(name: name, value: value, remark: omission?.reason ?? remark)
    }

    private static func line(_ regret: Regret) -> SummaryLine {
        let uncertainty = regret.standardError.map { " ± " + percent($0, decimals: 2) } ?? ""
        return SummaryLine(
            name: "Regret", value: percent(regret.value, decimals: 2) + uncertainty,
            remark: regret.value == nil
                ? "the oracle's pinball is zero"
                : "above the oracle's pinball of \(text(regret.oraclePinball)); "
                    + "± one standard error")
    }

    private static func calibrationLine(_ regret: Regret) -> SummaryLine {
        SummaryLine(
            name: "Oracle's calibration error",
            value: percent(regret.oracleCalibrationError, decimals: 2),
            remark: "chance alone gives about "
                + percent(regret.oracleCalibrationErrorByChance, decimals: 2))
    }

    /// What a Durbin-Watson statistic says; 1.8 is the threshold of the AXOR report.
    static func meaning(ofDurbinWatson statistic: Double) -> String {
        switch statistic {
        case ..<1.8: "below 1.8: successive errors agree, some news is used late"
        case ...2.2: "about 2: successive errors are independent"
        default: "above 2.2: successive errors alternate"
        }
    }
}

extension EvaluationResult {
    /// The table that a terminal shows.
    public var terminalTable: String {
        var lines = [
            "\(file): \(grouped(total.rows)) rows, \(total.levels.count) levels from "
                + "\(QuantileLevels.percent(total.levels.values[0])) % to "
                + "\(QuantileLevels.percent(total.levels.values[total.levels.count - 1])) %"
        ]
        if let oracleFile { lines.append("Oracle: \(oracleFile)") }
        lines += notes
        lines.append("")
        let summary = summary
        let nameWidth = summary.map(\.name.count).max() ?? 0
        let valueWidth = summary.map(\.value.count).max() ?? 0
        for line in summary {
            lines.append(
                padded(line.name, nameWidth, left: true) + "  "
                    + padded(line.value, valueWidth) + "  " + line.remark)
        }
        lines.append("")
        if segments.count > 1 { lines += segmentTable + [""] }
        lines += levelTable
        return lines.joined(separator: "\n") + "\n"
    }

    private var segmentTable: [String] {
        var rows = [
            ["Segment", "Trades", "50 %", "75 %", "80 %", "95 %", "Pinball", "Durbin-Watson"]
        ]
        for segment in segments {
            let metrics = segment.metrics
            rows.append(
                [segment.name, grouped(metrics.rows)]
                    + metrics.deviance.map { text($0.value, digits: 3) } + [
                        text(metrics.pinball), text(metrics.durbinWatson, digits: 3),
                    ])
        }
        return aligned(rows) + ["Quantiles of |median − price| in \(unit)."]
    }

    private var levelTable: [String] {
        let header = ["Level", "Labels below", "95 % interval", "Ties", "Pinball"]
        var rows = [header + (total.regret == nil ? [] : ["Regret"])]
        for (index, point) in total.calibration.enumerated() {
            var row = [
                QuantileLevels.percent(point.level) + " %", percent(point.share, decimals: 2),
                percent(point.lower, decimals: 2) + " … " + percent(point.upper, decimals: 2),
                grouped(point.ties), text(total.pinballByLevel[index]),
            ]
            if let regret = total.regret {
                row.append(percent(regret.byLevel[index], decimals: 2))
            }
            rows.append(row)
        }
        return aligned(rows) + [
            "Labels below: share of labels <= tile. The interval is Wilson's, for independent rows."
        ]
    }
}

/// Rows of a table with columns of equal widths.
func aligned(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        row.indices.map { padded(row[$0], widths[$0], left: $0 == 0) }.joined(separator: "  ")
    }
}

/// A text with blanks before it, or after it, to a width in characters.
private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return left ? text + blanks : blanks + text
}
