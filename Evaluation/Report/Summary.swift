import Quantiles

/// One number of the report, with what a reader needs to judge it.
struct SummaryLine {
    let name: String
    /// Of all rows, then of each grade.
    let values: [String]
    let remark: String
}

extension EvaluationResult {
    /// The numbers that the terminal and the page both show, most important first.
    var summary: [SummaryLine] {
        let lines: [(MetricFamily, [SummaryLine])] = [
            (.pinball, pinballLines), (.regret, regretLines), (.calibration, calibrationLines),
            (.coverage, bandLines), (.deviance, devianceLines), (.crossings, [crossingLine]),
            (.independence, [durbinWatsonLine]), (.widthError, widthLines),
        ]
        return lines.filter { shows($0.0) }.flatMap(\.1)
    }

    private var crossingLine: SummaryLine {
        line(
            "Crossings",
            remark: "neighbouring tiles out of order, in \(counted(total.crossingRows, "row"))"
        ) { grouped($0.crossings) }
    }

    private func line(
        _ name: String, remark: String, _ value: (ForecastMetrics) -> String
    ) -> SummaryLine {
        SummaryLine(name: name, values: segments.map { value($0.metrics) }, remark: remark)
    }

    /// A line whose number may be missing; then the remark is the reason.
    private func line(
        _ name: String, _ metric: String, remark: String, _ value: (ForecastMetrics) -> String
    ) -> SummaryLine {
        let omission =
            total.omissions.first { $0.metric == metric }
            ?? total.omissions.first { metric.hasPrefix($0.metric + ".") }
        return line(name, remark: omission?.reason ?? remark, value)
    }

    private var pinballLines: [SummaryLine] {
        [
            line(
                "Mean pinball",
                remark: "over \(counted(total.levels.count, "level")), in "
                    + (isBond ? "points" : "the label's units")
            ) { text($0.pinball) },
            line("CRPS", remark: "twice the mean pinball") { text($0.crps) },
        ]
    }

    private var calibrationLines: [SummaryLine] {
        let chance = segments.map { percent($0.metrics.calibrationErrorByChance, decimals: 2) }
        return [
            line(
                "Calibration error",
                remark: "mean over the levels; chance alone gives about "
                    + chance.joined(separator: ", ")
            ) {
                percent($0.calibrationError, decimals: 2)
            }
        ]
    }

    private var bandLines: [SummaryLine] {
        total.bands.filter { [5, 25].contains($0.lowerPercent) }.map { band in
            line(
                "Inside \(band.name) %", "coverage.\(band.name)",
                remark: "should be \(percent(band.nominal, decimals: 0)); mean width "
                    + text(band.meanWidth)
            ) { metrics in
                percent(metrics.bands.first { $0.name == band.name }?.coverage)
            }
        }
    }

    private var devianceLines: [SummaryLine] {
        let quantiles = ForecastMetrics.deviancePercents.enumerated().map { place, percent in
            line(
                "Deviance, \(percent) %",
                remark: "\(percent) % of rows have |median − label| up to this"
            ) {
                text($0.deviance[place].value)
            }
        }
        return quantiles + [
            line("MAE", remark: "mean |median − label|") { text($0.meanAbsoluteError) },
            line("RMSE", remark: "root mean square of median − label") {
                text($0.rootMeanSquareError)
            },
            line("Bias", remark: "mean of label − median") { text($0.meanError) },
        ]
    }

    private var durbinWatsonLine: SummaryLine {
        line(
            "Durbin-Watson", "durbin_watson",
            remark: total.durbinWatson.map(Self.meaning(ofDurbinWatson:)) ?? ""
        ) {
            text($0.durbinWatson)
        }
    }

    private var widthLines: [SummaryLine] {
        [
            line(
                "Width and error, Pearson", "width_error.pearson",
                remark: "does q95 − q5 grow with |median − label|?"
            ) {
                text($0.widthAgainstError.pearson, digits: 3)
            },
            line(
                "Width and error, Spearman", "width_error.spearman", remark: "the same, by ranks"
            ) {
                text($0.widthAgainstError.spearman, digits: 3)
            },
        ]
    }

    /// An oracle's numbers are of all rows.
    private var regretLines: [SummaryLine] {
        guard let regret = total.regret else { return [] }
        let blanks = segments.dropFirst().map { _ in "–" }
        let uncertainty = regret.standardError.map { " ± " + percent($0, decimals: 2) } ?? ""
        return [
            SummaryLine(
                name: "Regret", values: [percent(regret.value, decimals: 2) + uncertainty] + blanks,
                remark: regret.value == nil
                    ? "the oracle's pinball is zero"
                    : "above the oracle's pinball of \(text(regret.oraclePinball)); "
                        + "± one standard error"),
            SummaryLine(
                name: "Oracle's calibration error",
                values: [percent(regret.oracleCalibrationError, decimals: 2)] + blanks,
                remark: "chance alone gives about "
                    + percent(regret.oracleCalibrationErrorByChance, decimals: 2)),
        ]
    }

    /// What a Durbin-Watson statistic says; 1.8 is the threshold of the AXOR report.
    static func meaning(ofDurbinWatson statistic: Double) -> String {
        switch statistic {
        case ..<1.8: "below 1.8: successive errors agree, some news is used late"
        case ...2.2: "about 2: successive errors hardly correlate"
        default: "above 2.2: successive errors alternate"
        }
    }
}

extension EvaluationResult {
    /// The table that a terminal shows.
    public var terminalTable: String {
        var lines = [
            "\(file): \(counted(total.rows, "row")), \(counted(total.levels.count, "level")) from "
                + "\(QuantileLevels.percent(total.levels.values[0])) % to "
                + "\(QuantileLevels.percent(total.levels.values[total.levels.count - 1])) %"
        ]
        if let oracleFile { lines.append("Oracle: \(oracleFile)") }
        lines += notes
        lines.append("")
        let summary = summary
        let nameWidth = summary.map(\.name.count).max() ?? 0
        let valueWidth = summary.map(\.values[0].count).max() ?? 0
        for line in summary {
            lines.append(
                padded(line.name, nameWidth, left: true) + "  "
                    + padded(line.values[0], valueWidth) + "  " + line.remark)
        }
        lines.append("")
        if segments.count > 1 { lines += segmentTable + [""] }
        if shows(.calibration) || shows(.pinball) { lines += levelTable }
        return lines.joined(separator: "\n") + "\n"
    }

    private var segmentTable: [String] {
        let table = segmentTable(published: [])
        return aligned([table.header] + table.texts)
            + (shows(.deviance) ? ["Quantiles and mean of |median − price| in \(unit)."] : [])
    }

    private var levelTable: [String] {
        let table = levelTable(isBrief: true)
        return aligned([table.header] + table.texts)
            + (shows(.calibration)
                ? ["Labels below: share of labels <= tile. " + intervalText] : [])
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
