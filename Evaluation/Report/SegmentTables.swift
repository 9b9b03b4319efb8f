import Quantiles

extension EvaluationResult {
    /// The tables that trades have and tabular data lacks.
    func sections() throws -> [ReportSection] {
        let whole = [
            try segmentSection(), serialSection, nextTradeSection, groupSection,
            quotes.map { Self.quoteSection([$0], names: ["trades"]) },
            try FundCheck.section(
                funds.isEmpty ? [] : [("forecasts", funds)], published: publishedFigures()),
        ].compactMap(\.self)
        return whole + cohortSections
    }

    /// The overall table: a row a segment, published figures beneath.
    private func segmentSection() throws -> ReportSection? {
        guard isBond else { return nil }
        var table = ReportTable(
            header: [
                "", "trades", "bonds", "days", "50 %", "75 %", "80 %", "95 %", "mean", "pinball",
                "calibration error", "inside 5-95", "Durbin-Watson", "within bonds",
            ])
        for segment in segments {
            let metrics = segment.metrics
            table.add(
                [
                    .word(segment.name), .count(metrics.rows), .count(segment.detail?.bonds),
                    .count(segment.detail?.days),
                ] + metrics.deviance.map { .number($0.value) } + [
                    .number(metrics.meanAbsoluteError), .number(metrics.pinball, digits: 4),
                    .share(metrics.calibrationError, decimals: 2),
                    .share(metrics.bands.first { $0.name == "5-95" }?.coverage),
                    .number(metrics.durbinWatson),
                    .number(segment.detail?.serial.panelDurbinWatson),
                ])
        }
        let published = try publishedFigures().filter { $0.dimension == "credit" }
        var seen: [String] = []
        for figure in published where !seen.contains(figure.signal + figure.cohort) {
            seen.append(figure.signal + figure.cohort)
            func deviance(_ percent: Int) -> Cell {
                .number(
                    published.first {
                        $0.signal == figure.signal && $0.cohort == figure.cohort
                            && $0.percent == String(percent)
                    }?.deviance)
            }
            table.add(
                [
                    .word("\(figure.cohort), \(figure.signal), published*"),
                    .count(Int(figure.trades)), .count(nil), .count(nil),
                ] + ForecastMetrics.deviancePercents.map(deviance)
                    + Array(repeating: .number(nil), count: 6), isQuiet: true)
        }
        return ReportSection(
            title: "By segment",
            text: "Quantiles and mean of |median − price| in \(unit)."
                + (seen.isEmpty ? "" : " * Other trades in another period: a reference only."),
            table: table, file: "segments")
    }

    /// One table a dimension: all trades, then the medians and 95 % quantiles by grade.
    private var cohortSections: [ReportSection] {
        let grades = segments.dropFirst().map(\.name)
        return rules.cohorts.compactMap { dimension in
            let whole = cohorts.filter { $0.name.dimension == dimension && $0.name.grade == nil }
            guard !whole.isEmpty else { return nil }
            var table = ReportTable(
                header: [
                    dimension.titleInline, "trades", "50 %", "75 %", "80 %", "95 %", "mean",
                    "pinball", "calibration error", "inside 5-95",
                ] + grades.flatMap { ["\($0) trades", "\($0) 50 %", "\($0) 95 %"] })
            for cohort in whole {
                let metrics = cohort.metrics
                var cells: [Cell] =
                    [
                        .word(cohort.name.cohort + (cohort.isSmall ? " †" : "")),
                        .count(metrics.rows),
                    ] + metrics.deviance.map { .number($0.value) }
                cells += [
                    .number(metrics.meanAbsoluteError), .number(metrics.pinball),
                    .share(metrics.calibrationError, decimals: 2),
                    .share(metrics.bands.first { $0.name == "5-95" }?.coverage),
                ]
                for grade in grades {
                    let own = cohorts.first {
                        $0.name.dimension == dimension && $0.name.grade == grade
                            && $0.name.cohort == cohort.name.cohort
                    }
                    cells += [
                        .word(
                            (own.map { grouped($0.metrics.rows) } ?? "–")
                                + (own?.isSmall == true ? " †" : "")),
                        .number(own?.metrics.deviance[0].value),
                        .number(own?.metrics.deviance[3].value),
                    ]
                }
                table.add(cells, isQuiet: cohort.isSmall)
            }
            return ReportSection(
                title: dimension.title,
                text: "Quantiles and mean of |median − price| in \(unit)."
                    + smallSampleText(table, rules), table: table)
        }
    }

    /// Whether errors are independent, in numbers and in a sentence.
    private var serialSection: ReportSection? {
        guard segments.contains(where: { $0.detail != nil }) else { return nil }
        var table = ReportTable(
            header: [
                "", "pooled", "within bonds", "bonds ≥ \(SerialDependence.minimumTrades) trades",
                "their 5 %", "50 %", "95 %", "lag 1", "lag 20", "Ljung-Box 20", "p",
            ])
        for segment in segments {
            guard let serial = segment.detail?.serial else { continue }
            let quantiles = serial.bondQuantiles
            table.add(
                [
                    .word(segment.name), .number(segment.metrics.durbinWatson),
                    .number(serial.panelDurbinWatson), .count(serial.bonds),
                ] + [0, 2, 4].map { .number(quantiles.isEmpty ? nil : quantiles[$0]) } + [
                    .number(serial.autocorrelation.first, digits: 2),
                    .number(serial.autocorrelation.last, digits: 2),
                    .number(serial.ljungBox.last?.statistic, digits: 4),
                    .number(serial.ljungBox.last?.probability, digits: 2),
                ])
        }
        return ReportSection(
            title: "Independence of residuals",
            text: (total.durbinWatson.map(Self.sentence(ofDurbinWatson:)) ?? "")
                + " Pooled: all residuals in order of time, as the AXOR report gives it; within "
                + "bonds: successive trades of one bond.",
            table: table, file: "independence")
    }

    /// The next-trade metrics, where there are any.
    private var nextTradeSection: ReportSection? {
        guard segments.contains(where: { ($0.detail?.nextTrade.pairs ?? 0) > 0 }) else {
            return nil
        }
        var table = ReportTable(
            header: ["", "pairs", "50 %", "75 %", "80 %", "95 %", "median age", "95 % age"])
        for segment in segments {
            guard let detail = segment.detail else { continue }
            let limit = shortNumber(rules.regularAge / 60)
            for (name, metric) in [
                ("any age", detail.nextTrade), ("up to \(limit) minutes", detail.regularNextTrade),
            ] where metric.pairs > 0 {
                table.add(
                    [.word("\(segment.name), \(name)"), .count(metric.pairs)]
                        + metric.deviance.map { .number($0.value) }
                        + [.seconds(metric.medianAge), .seconds(metric.highAge)])
            }
        }
        let what =
            quotes == nil
            ? "|Median of a forecast − price of the bond's next trade| in \(unit), whatever its side"
            : "|Median of the last quote before a trade − its price| in \(unit)"
        return ReportSection(
            title: "Next trade",
            text: what + ", and the forecast's age by then (Trumid's NTM and RNTM).",
            table: table, file: "next-trade")
    }

    /// The worst groups: random ones and named ones.
    private var groupSection: ReportSection? {
        var table = ReportTable(
            header: [
                "", "trades of a group", "worst calibration error", "perfect forecasts' worst",
            ])
        for segment in segments {
            for group in segment.detail?.groups ?? [] {
                table.add([
                    .word(segment.name + ", random groups"), .count(group.groupRows),
                    .share(group.worst, decimals: 2), .share(group.worstByChance, decimals: 2),
                ])
            }
        }
        let worst = cohorts.filter { !$0.isSmall }
            .sorted { $0.metrics.calibrationError > $1.metrics.calibrationError }.prefix(3)
        for cohort in worst {
            table.add([
                .word(cohort.name.key + " *"), .count(cohort.metrics.rows),
                .share(cohort.metrics.calibrationError, decimals: 2),
                .share(cohort.metrics.calibrationErrorByChance, decimals: 2),
            ])
        }
        guard !table.rows.isEmpty else { return nil }
        return ReportSection(
            title: "Worst groups",
            text: "Adversarial group calibration: the worst of \(GroupCalibration.groups) random "
                + "groups, and the three cohorts with the largest calibration error (* beside the "
                + "mean error of perfect forecasts, not their worst).",
            table: table, file: "groups")
    }

    /// What became of the trades that quotes were joined with.
    static func quoteSection(_ funnels: [QuoteFunnel], names: [String]) -> ReportSection {
        var table = ReportTable(header: [""] + names)
        for (place, step) in (funnels.first?.steps ?? []).enumerated() {
            table.add([.word(step.name)] + funnels.map { .count($0.steps[place].count) })
        }
        table.add([.word("median age of the quote")] + funnels.map { .seconds($0.medianAge) })
        table.add([.word("95 % age of the quote")] + funnels.map { .seconds($0.highAge) })
        return ReportSection(
            title: "From the quotes to the trades",
            text: "Each trade has the last quote strictly before it, of its bond, side and venue; "
                + "between two quoted sizes the forecast is linear in the size.",
            table: table, file: "quotes")
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

/// What the dagger of small cohorts means, where there are any.
func smallSampleText(_ table: ReportTable, _ rules: EvaluationProtocol) -> String {
    table.rows.contains(where: \.isQuiet) ? " † Fewer than \(rules.smallSample) trades." : ""
}

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
