import Quantiles

extension SignalComparison {
    func sections() throws -> [ReportSection] {
        let published = try rules.published.flatMap { try PublishedFigure.read($0) }
        let quotes = funnels.compactMap(\.quotes)
        let quoted = zip(names, funnels).filter { $0.1.quotes != nil }.map(\.0)
        let whole = [
            sideBySide, differencesSection, dieboldMarianoSection, spaceSection, funnelSection,
            quotes.isEmpty ? nil : EvaluationResult.quoteSection(quotes, names: quoted),
            FundCheck.section(
                zip(names, funds).map { (name: $0, funds: $1) }, published: published),
            publishedSection(published),
        ].compactMap(\.self)
        return whole + cohortSections
    }

    /// Every signal side by side, all trades and the grades.
    var sideBySide: ReportSection {
        let hasSkill = !skill(0).isEmpty
        var table = ReportTable(
            header: [
                "", "trades", "50 %", "75 %", "95 %", "mean", "pinball", "calibration error",
                "Durbin-Watson",
            ] + (hasSkill ? ["skill"] : []))
        for (place, part) in segments.enumerated() {
            let skill = skill(place)
            for (index, name) in names.enumerated() {
                let own = metrics[index][place]
                var cells: [Cell] = [
                    .word(segments.count > 1 ? "\(part.name.cohort), \(name)" : name),
                    .count(part.rows),
                ]
                cells += ["50", "75", "95", "mean", "pinball"].map {
                    .number(value(part, index, $0), digits: $0 == "pinball" ? 4 : 3)
                }
                cells.append(
                    .share(isPoint[index] ? nil : own.calibrationError, decimals: 2))
                cells.append(.number(own.durbinWatson))
                if hasSkill { cells.append(.share(skill.isEmpty ? nil : skill[index])) }
                table.add(cells)
            }
        }
        return ReportSection(
            title: "Side by side",
            text: "Quantiles and mean of |median − price| in \(unit), on the same trades."
                + (hasSkill
                    ? " Skill: how much of the way from the last trade to the oracle, in pinball."
                    : ""),
            table: table, file: "side-by-side")
    }

    private var differencesSection: ReportSection {
        var table = ReportTable(
            header: [
                "", "measure", "ours", "theirs", "difference", "95 % interval", "p", "verdict",
                "days needed",
            ])
        for part in segments {
            for pair in part.pairs {
                for difference in pair.differences {
                    table.add(
                        [
                            .word(
                                (segments.count > 1 ? part.name.cohort + ", " : "")
                                    + "against " + pair.theirs),
                            .word(
                                Int(difference.measure).map { "\($0) %" }
                                    ?? (difference.measure == "won"
                                        ? "trades won" : difference.measure)),
                        ] + Self.cells(difference), isQuiet: difference.outcome == .undecided)
                }
            }
        }
        return ReportSection(
            title: "Differences",
            text: "Ours minus theirs; less than zero is in our favour, but for the share of trades "
                + "won, from which one half is taken. Intervals: pigeonhole bootstrap over days and "
                + "bonds, \(Comparison.draws) draws. Days needed: about how many days would decide "
                + "it, if the difference is what it looks like.",
            table: table)
    }

    private static func cells(_ difference: PairedDifference) -> [Cell] {
        let isShare = difference.measure == "won"
        func shown(_ value: Double) -> Cell { isShare ? .share(value) : .number(value) }
        return [
            shown(difference.ours), shown(difference.theirs), shown(difference.difference),
            isShare ? .shares(difference.interval) : .range(difference.interval),
            .number(difference.probability, digits: 2),
            .word(
                difference.interval == nil ? "too few days or bonds" : difference.outcome.rawValue),
            .count(difference.daysNeeded),
        ]
    }

    private var dieboldMarianoSection: ReportSection? {
        var table = ReportTable(
            header: ["", "loss", "days", "lags", "daily mean", "statistic", "p"])
        for part in segments {
            for pair in part.pairs {
                for (loss, test) in [
                    ("pinball", pair.dieboldMarianoPinball),
                    ("|median − price|", pair.dieboldMarianoError),
                ] {
                    guard let test else { continue }
                    table.add([
                        .word("\(part.name.cohort), against \(pair.theirs)"), .word(loss),
                        .count(test.days), .count(test.lags), .number(test.mean),
                        .number(test.statistic), .number(test.probability, digits: 2),
                    ])
                }
            }
        }
        guard !table.rows.isEmpty else { return nil }
        return ReportSection(
            title: "Diebold-Mariano",
            text: "Of daily mean loss differences, Newey-West variance, small-sample correction; a "
                + "negative statistic is in our favour.",
            table: table, file: "diebold-mariano")
    }

    private var funnelSection: ReportSection {
        var table = ReportTable(header: [""] + names)
        func row(_ name: String, _ value: (Funnel) -> Cell) {
            table.add([.word(name)] + funnels.map(value))
        }
        row("rows of the file") { .count($0.rows.file) }
        row("pieces of one trade") { .count($0.pieces) }
        row("trades of those pieces") { .count($0.piecewiseTrades) }
        row("without a label") { .count($0.rows.withoutLabel) }
        row("with missing tiles") { .count($0.rows.withMissingTiles) }
        row("outside the protocol") { .count($0.rows.filtered) }
        row("usable trades") { .count($0.rows.judged) }
        row("not in every table") { .count($0.unmatched - $0.otherPrice) }
        row("with another price") { .count($0.otherPrice) }
        row("compared") { .count($0.matched) }
        row("mean error of those left out") { .number($0.selection?.droppedMean) }
        row("mean error of those compared") { .number($0.selection?.keptMean) }
        row("p, that those are equal") { .number($0.selection?.probability, digits: 2) }
        return ReportSection(
            title: "From the files to the same trades",
            text: "Pieces of one trade are "
                + (rules.aggregation == .merge ? "merged" : "dropped") + ".",
            table: table, file: "funnel")
    }

    private var spaceSection: ReportSection? {
        guard let spaces else { return nil }
        var table = ReportTable(
            header: [
                "", "price 50 %", "price 95 %", "by DV01 50 %", "by DV01 95 %", "basis points 50 %",
                "basis points 95 %",
            ])
        for row in spaces.rows {
            table.add(
                [.word(row.name)]
                    + (row.price + row.priceByDV01 + row.basisPoints).map { .number($0) })
        }
        return ReportSection(
            title: "In price and in basis points",
            text: "Deviance in points through full repricing and through DV01, and in basis points "
                + "of yield, on \(counted(spaces.trades, "trade")). Losses are made in price.",
            table: table, file: "spaces")
    }

    /// One table a dimension: all trades, then those of each grade.
    private var cohortSections: [ReportSection] {
        rules.cohorts.compactMap { dimension in
            let rows = cohorts.filter { $0.name.dimension == dimension }
            guard !rows.isEmpty else { return nil }
            var table = ReportTable(
                header: [dimension.titleInline, "trades"] + names.map { "\($0) 50 %" }
                    + names.dropFirst().flatMap { ["against \($0), 95 % interval", "Holm p"] })
            for part in rows {
                var cells: [Cell] = [
                    .word(
                        (part.name.grade.map { $0 + ", " } ?? "") + part.name.cohort
                            + (part.isSmall ? " †" : "")),
                    .count(part.rows),
                ]
                cells += names.indices.map { .number(value(part, $0, "50")) }
                for pair in part.pairs {
                    cells.append(.range(pair.difference("50")?.interval, digits: 2))
                    cells.append(.number(pair.adjusted["50"], digits: 2))
                }
                table.add(cells, isQuiet: part.isSmall)
            }
            return ReportSection(
                title: dimension.title,
                text: "Median deviance in \(unit) and the interval of its difference, "
                    + "\(Comparison.cohortDraws) draws; p corrected over all cohorts (Holm)."
                    + smallSampleText(table, rules),
                table: table)
        }
    }

    private func publishedSection(_ figures: [PublishedFigure]) -> ReportSection? {
        let shown = figures.filter { $0.dimension != "etf" }
        guard !shown.isEmpty else { return nil }
        var table = ReportTable(
            header: ["", "cohort", "trades", "quantile", "deviance", "source", "remark"])
        for figure in shown {
            table.add(
                [
                    .word(figure.signal), .word(figure.cohort), .count(Int(figure.trades)),
                    .word(figure.percent.isEmpty ? "mean" : figure.percent + " %"),
                    .number(figure.deviance), .prose(figure.source), .prose(figure.remark),
                ], isQuiet: true)
        }
        return ReportSection(
            title: "Published figures", text: "Other trades, other period: a reference only.",
            table: table, file: "published")
    }

    /// The table that a terminal shows.
    public var terminalTable: String {
        var lines =
            ["\(counted(matched, "trade")) that all \(names.count) tables have"] + remarks
        lines += [""] + verdicts + [""]
        let table = sideBySide.table
        lines += aligned([table.header] + table.texts)
        lines += ["", "Differences, ours minus theirs:"]
        let differences = differencesSection.table
        lines += aligned([differences.header] + differences.texts)
        return lines.joined(separator: "\n") + "\n"
    }
}
