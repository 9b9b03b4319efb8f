import Quantiles

extension EvaluationResult {
    /// The tables of the page, those that the protocol asks for.
    var sections: [ReportSection] {
        let whole = [
            segmentSection, shows(.independence) ? serialSection : nil,
            shows(.nextTrade) ? nextTradeSection : nil,
            shows(.groupCalibration) ? groupSection : nil,
            quotes.map { Self.quoteSection([$0], names: ["trades"]) },
            FundCheck.section(funds.isEmpty ? [] : [("forecasts", funds)], published: published),
        ]
        let ends = [
            shows(.calibration) || shows(.pinball) ? levelSection : nil,
            shows(.widthError) ? widthSection : nil,
        ]
        return whole.compactMap(\.self) + cohortSections + ends.compactMap(\.self)
    }

    /// A column of the tables of segments and cohorts, with what it belongs to.
    private typealias Column = (
        family: MetricFamily, header: String, cell: (ForecastMetrics) -> Cell
    )

    private var columns: [Column] {
        let quantiles = ForecastMetrics.deviancePercents.enumerated().map {
            place, percent -> Column in
            (.deviance, "\(percent) %", { .number($0.deviance[place].value) })
        }
        let others: [Column] = [
            (.deviance, "mean", { .number($0.meanAbsoluteError) }),
            (.pinball, "pinball", { .number($0.pinball, digits: 4) }),
            (.calibration, "calibration error", { .share($0.calibrationError, decimals: 2) }),
            (
                .coverage, "inside 5-95",
                { metrics in .share(metrics.bands.first { $0.name == "5-95" }?.coverage) }
            ),
        ]
        return (quantiles + others).filter { shows($0.family) }
    }

    /// The overall table: a row a segment, published figures beneath.
    private var segmentSection: ReportSection? {
        guard isBond else { return nil }
        let table = segmentTable(published: published)
        return ReportSection(
            title: "By segment",
            text: (shows(.deviance) ? "Quantiles and mean of |median − price| in \(unit)." : "")
                + smallSampleText(table, rules)
                + (table.rows.contains(where: \.isQuiet)
                    ? " * Other trades in another period: a reference only." : ""),
            table: table, file: "segments")
    }

    func segmentTable(published: [PublishedFigure]) -> ReportTable {
        let columns = columns
        let hasSerial = shows(.independence)
        var table = ReportTable(
            header: ["", "trades", "bonds", "days"] + columns.map(\.header)
                + (hasSerial ? ["Durbin-Watson", "within bonds"] : []))
        for segment in segments {
            let cells: [Cell] = [
                .word(segment.name + (segment.metrics.rows < rules.smallSample ? " †" : "")),
                .count(segment.metrics.rows), .count(segment.detail?.bonds),
                .count(segment.detail?.days),
            ]
            table.add(
                cells + columns.map { $0.cell(segment.metrics) }
                    + (hasSerial
                        ? [
                            .number(segment.metrics.durbinWatson),
                            .number(segment.detail?.serial.panelDurbinWatson),
                        ] : []),
                isFirst: true)
            guard shows(.deviance) else { continue }
            for figure in PublishedFigure.credit(published, cohort: segment.name) {
                let cells: [Cell] =
                    [
                        .word("\(figure.cohort), \(figure.signal), published*"),
                        .count(figure.trades), .count(nil), .count(nil),
                    ] + ForecastMetrics.deviancePercents.map { .number(figure.deviance["\($0)"]) }
                table.add(
                    cells + Array(repeating: .number(nil), count: table.header.count - cells.count),
                    isQuiet: true)
            }
        }
        return table
    }

    /// One table a dimension: all trades, then the medians and 95 % quantiles by grade; what others
    /// published of the same cohorts.
    private var cohortSections: [ReportSection] {
        let grades = segments.dropFirst().map(\.name)
        let columns = columns
        let hasErrors = shows(.deviance)
        return rules.cohorts.compactMap { dimension in
            let whole = cohorts.filter { $0.name.dimension == dimension && $0.name.grade == nil }
            guard !whole.isEmpty else { return nil }
            let own = published.filter {
                hasErrors && $0.dimension == dimension.rawValue && $0.percent == "95"
            }
            var table = ReportTable(
                header: [dimension.titleInline, "trades", "bonds"] + columns.map(\.header)
                    + (own.isEmpty ? [] : ["published* 95 %"])
                    + grades.flatMap {
                        ["\($0) trades"] + (hasErrors ? ["\($0) 50 %", "\($0) 95 %"] : [])
                    })
            for cohort in whole {
                var cells: [Cell] = [
                    .word(cohort.name.cohort + (cohort.isSmall ? " †" : "")),
                    .count(cohort.metrics.rows), .count(cohort.bonds),
                ]
                cells += columns.map { $0.cell(cohort.metrics) }
                if !own.isEmpty {
                    cells.append(
                        .number(own.first { $0.cohort == cohort.name.cohort }?.deviance))
                }
                for grade in grades {
                    let part = cohorts.first {
                        $0.name.dimension == dimension && $0.name.grade == grade
                            && $0.name.cohort == cohort.name.cohort
                    }
                    cells.append(
                        .word(
                            (part.map { grouped($0.metrics.rows) } ?? "–")
                                + (part?.isSmall == true ? " †" : "")))
                    if hasErrors {
                        cells += [0, 3].map { .number(part?.metrics.deviance[$0].value) }
                    }
                }
                table.add(cells, isQuiet: cohort.isSmall)
            }
            let sources = Set(own.map { "\($0.signal): \($0.source)" }).sorted()
            return ReportSection(
                title: dimension.title,
                text: (hasErrors ? "Quantiles and mean of |median − price| in \(unit)." : "")
                    + smallSampleText(table, rules)
                    + (own.isEmpty
                        ? ""
                        : " * \(sources.joined(separator: "; ")): other trades in another period, "
                            + "a reference only."),
                table: table)
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
                    .probability(serial.ljungBox.last?.probability),
                ])
        }
        return ReportSection(
            title: "Independence of residuals",
            text: independenceText
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
                .word(cohort.name.title + " *"), .count(cohort.metrics.rows),
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

    /// What the Durbin-Watson statistics and the Ljung-Box test say together, in sentences.
    private var independenceText: String {
        guard let pooled = total.durbinWatson else { return "" }
        let detail = segments[0].detail
        var text =
            "Durbin-Watson is \(shown(pooled)): \(Self.meaning(ofDurbinWatson: pooled)). Half of its "
            + "distance from two is about their correlation, here "
            + "\(QuantileEvaluation.text(1 - pooled / 2, digits: 2))."
        if let within = detail?.serial.panelDurbinWatson {
            text +=
                " Within bonds it is \(shown(within)), a correlation of about "
                + "\(QuantileEvaluation.text(1 - within / 2, digits: 2))."
        }
        if let test = detail?.serial.ljungBox.last {
            text +=
                test.probability < 0.05
                ? " Ljung-Box rejects independence over \(test.lags) lags; among "
                    + "\(counted(total.rows, "trade")) it finds even small correlations."
                : " Ljung-Box finds no dependence over \(test.lags) lags."
        }
        return text
    }

    private func shown(_ statistic: Double) -> String {
        QuantileEvaluation.text(statistic, digits: 3)
    }
}

/// What the dagger of small cohorts means, where there are any.
func smallSampleText(_ table: ReportTable, _ rules: EvaluationProtocol) -> String {
    let hasDagger = table.rows.contains { $0.cells.contains { $0.text.hasSuffix("†") } }
    return hasDagger ? " † Fewer than \(rules.smallSample) trades." : ""
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
