import Quantiles

/// A part of the report with a heading, a sentence and a table.
struct ReportSection {
    let title: String
    let text: String
    let table: HTMLTable
}

extension EvaluationResult {
    /// The overall table: a row a segment, published figures beneath.
    func segmentSection() throws -> ReportSection? {
        guard isBond else { return nil }
        var table = HTMLTable(
            header: [
                "", "trades", "bonds", "days", "50 %", "75 %", "80 %", "95 %", "mean", "pinball",
                "calibration error", "inside 5-95", "Durbin-Watson", "within bonds",
            ])
        for segment in segments {
            let metrics = segment.metrics
            table.rows.append(
                HTMLTable.Row(
                    cells: [
                        segment.name, grouped(metrics.rows), text(segment.detail?.bonds),
                        text(segment.detail?.days),
                    ] + metrics.deviance.map { text($0.value, digits: 3) } + [
                        text(metrics.meanAbsoluteError, digits: 3), text(metrics.pinball),
                        percent(metrics.calibrationError, decimals: 2),
                        percent(metrics.bands.first { $0.name == "5-95" }?.coverage),
                        text(metrics.durbinWatson, digits: 3),
                        text(segment.detail?.serial.panelDurbinWatson, digits: 3),
                    ]))
        }
        let published = try publishedFigures().filter { $0.dimension == "credit" }
        var seen: [String] = []
        for figure in published where !seen.contains(figure.signal + figure.cohort) {
            seen.append(figure.signal + figure.cohort)
            func deviance(_ percent: Int) -> String {
                let found = published.first {
                    $0.signal == figure.signal && $0.cohort == figure.cohort
                        && $0.percent == String(percent)
                }
                return text(found?.deviance, digits: 3)
            }
            let trades = Int(figure.trades).map(grouped) ?? "–"
            table.rows.append(
                HTMLTable.Row(
                    cells: ["\(figure.cohort), \(figure.signal), published*", trades, "–", "–"]
                        + ForecastMetrics.deviancePercents.map(deviance)
                        + Array(repeating: "–", count: 6), isQuiet: true))
        }
        return ReportSection(
            title: "By segment",
            text: "Quantiles and mean of |median − price| in \(unit)."
                + (seen.isEmpty ? "" : " * Other trades in another period: a reference only."),
            table: table)
    }

    /// One table a dimension: all trades, then the medians and 95 % quantiles by grade.
    var cohortSections: [ReportSection] {
        let grades = segments.dropFirst().map(\.name)
        return rules.cohorts.compactMap { dimension in
            let whole = cohorts.filter { $0.name.dimension == dimension && $0.name.grade == nil }
            guard !whole.isEmpty else { return nil }
            var table = HTMLTable(
                header: [
                    dimension.titleInline, "trades", "50 %", "75 %", "80 %", "95 %", "mean",
                    "pinball", "calibration error", "inside 5-95",
                ] + grades.flatMap { ["\($0) trades", "\($0) 50 %", "\($0) 95 %"] })
            for cohort in whole {
                let metrics = cohort.metrics
                var cells =
                    [cohort.name.cohort + (cohort.isSmall ? " †" : ""), grouped(metrics.rows)]
                    + metrics.deviance.map { text($0.value, digits: 3) }
                cells += [
                    text(metrics.meanAbsoluteError, digits: 3), text(metrics.pinball, digits: 3),
                    percent(metrics.calibrationError, decimals: 2),
                    percent(metrics.bands.first { $0.name == "5-95" }?.coverage),
                ]
                for grade in grades {
                    let own = cohorts.first {
                        $0.name.dimension == dimension && $0.name.grade == grade
                            && $0.name.cohort == cohort.name.cohort
                    }
                    cells += [
                        (own.map { grouped($0.metrics.rows) } ?? "–")
                            + (own?.isSmall == true ? " †" : ""),
                        text(own?.metrics.deviance[0].value, digits: 3),
                        text(own?.metrics.deviance[3].value, digits: 3),
                    ]
                }
                table.rows.append(HTMLTable.Row(cells: cells, isQuiet: cohort.isSmall))
            }
            let hasSmall = whole.contains(where: \.isSmall)
            return ReportSection(
                title: dimension.title,
                text: "Quantiles and mean of |median − price| in \(unit)."
                    + (hasSmall ? " † Fewer than \(rules.smallSample) trades." : ""),
                table: table)
        }
    }

    /// Whether errors are independent, in numbers and in a sentence.
    var serialSection: ReportSection? {
        guard segments.contains(where: { $0.detail != nil }) else { return nil }
        var table = HTMLTable(
            header: [
                "", "pooled", "within bonds", "bonds ≥ \(SerialDependence.minimumTrades) trades",
                "their 5 %", "50 %", "95 %", "lag 1", "lag 20", "Ljung-Box 20", "p",
            ])
        for segment in segments {
            guard let serial = segment.detail?.serial else { continue }
            let quantiles = serial.bondQuantiles
            func quantile(_ index: Int) -> String {
                quantiles.isEmpty ? "–" : text(quantiles[index], digits: 3)
            }
            table.rows.append(
                HTMLTable.Row(cells: [
                    segment.name, text(segment.metrics.durbinWatson, digits: 3),
                    text(serial.panelDurbinWatson, digits: 3), grouped(serial.bonds), quantile(0),
                    quantile(2), quantile(4), text(serial.autocorrelation.first, digits: 2),
                    text(serial.autocorrelation.last, digits: 2),
                    text(serial.ljungBox.last?.statistic, digits: 4),
                    text(serial.ljungBox.last?.probability, digits: 2),
                ]))
        }
        return ReportSection(
            title: "Independence of residuals",
            text: (total.durbinWatson.map(Self.sentence(ofDurbinWatson:)) ?? "")
                + " Pooled: all residuals in order of time, as the AXOR report gives it; within "
                + "bonds: successive trades of one bond.",
            table: table)
    }

    /// The next-trade metrics and the groups, where there are any.
    var nextTradeSection: ReportSection? {
        guard segments.contains(where: { ($0.detail?.nextTrade.pairs ?? 0) > 0 }) else {
            return nil
        }
        var table = HTMLTable(
            header: ["", "pairs", "50 %", "75 %", "80 %", "95 %", "median age", "95 % age"])
        for segment in segments {
            guard let detail = segment.detail else { continue }
            let limit = text(rules.regularAge / 60, digits: 2)
            for (name, metric) in [
                ("any age", detail.nextTrade), ("up to \(limit) minutes", detail.regularNextTrade),
            ] where metric.pairs > 0 {
                table.rows.append(
                    HTMLTable.Row(
                        cells: ["\(segment.name), \(name)", grouped(metric.pairs)]
                            + metric.deviance.map { text($0.value, digits: 3) } + [
                                duration(metric.medianAge), duration(metric.highAge),
                            ]))
            }
        }
        return ReportSection(
            title: "Next trade",
            text:
                "|Median of a forecast − price of the bond's next trade| in \(unit), whatever its "
                + "side, and the forecast's age by then (Trumid's NTM and RNTM).",
            table: table)
    }

    /// The worst groups: random ones and named ones.
    var groupSection: ReportSection? {
        var table = HTMLTable(
            header: [
                "", "trades of a group", "worst calibration error", "perfect forecasts' worst",
            ])
        for segment in segments {
            for group in segment.detail?.groups ?? [] {
                table.rows.append(
                    HTMLTable.Row(cells: [
                        segment.name + ", random groups", grouped(group.groupRows),
                        percent(group.worst, decimals: 2),
                        percent(group.worstByChance, decimals: 2),
                    ]))
            }
        }
        let worst = cohorts.filter { !$0.isSmall }
            .sorted { $0.metrics.calibrationError > $1.metrics.calibrationError }.prefix(3)
        for cohort in worst {
            table.rows.append(
                HTMLTable.Row(cells: [
                    cohort.name.key, grouped(cohort.metrics.rows),
                    percent(cohort.metrics.calibrationError, decimals: 2),
                    percent(cohort.metrics.calibrationErrorByChance, decimals: 2) + " (mean)",
                ]))
        }
        guard !table.rows.isEmpty else { return nil }
        return ReportSection(
            title: "Worst groups",
            text: "Adversarial group calibration: the worst of \(GroupCalibration.groups) random "
                + "groups, and the three cohorts with the largest calibration error.",
            table: table)
    }

    func publishedFigures() throws -> [PublishedFigure] {
        try rules.published.flatMap { try PublishedFigure.read($0) }
    }

    /// What a Durbin-Watson statistic says, in a sentence.
    private static func sentence(ofDurbinWatson statistic: Double) -> String {
        "Durbin-Watson is \(text(statistic, digits: 3)): "
            + meaning(ofDurbinWatson: statistic)
            + ". Two means independent errors; half of its distance from two is about the "
            + "correlation of successive errors, here \(text(1 - statistic / 2, digits: 2))."
    }
}

/// A count, or a dash.
func text(_ count: Int?) -> String { count.map(grouped) ?? "–" }

/// Seconds as people say them.
func duration(_ seconds: Double?) -> String {
    guard let seconds else { return "–" }
    switch seconds {
    case ..<120: return "\(text(seconds, digits: 2)) s"
    case ..<7_200: return "\(text(seconds / 60, digits: 2)) min"
    case ..<172_800: return "\(text(seconds / 3_600, digits: 2)) h"
    default: return "\(text(seconds / 86_400, digits: 2)) days"
    }
}
