import Quantiles

extension SignalComparison {
    var sections: [ReportSection] {
        let quotes = funnels.compactMap(\.quotes)
        let quoted = zip(names, funnels).filter { $0.1.quotes != nil }.map(\.0)
        let whole = [
            sideBySide, differencesSection,
            shows(.dieboldMariano) ? dieboldMarianoSection : nil, spaceSection, funnelSection,
            quotes.isEmpty ? nil : EvaluationResult.quoteSection(quotes, names: quoted),
            FundCheck.section(
                zip(names, funds).map { (name: $0, funds: $1) }, published: published),
            publishedSection,
        ].compactMap(\.self)
        return whole + (shows(.deviance) ? cohortSections : [])
    }

    /// Every signal side by side, all trades and the grades; what others published beneath.
    var sideBySide: ReportSection {
        let hasSkill = shows(.regret) && !skill(0).isEmpty
        let measures = ["50", "75", "95", "mean"]
        var table = ReportTable(
            header: ["", "trades"] + (shows(.deviance) ? ["50 %", "75 %", "95 %", "mean"] : [])
                + (shows(.pinball) ? ["pinball"] : [])
                + (shows(.calibration) ? ["calibration error"] : [])
                + (shows(.independence) ? ["Durbin-Watson"] : []) + (hasSkill ? ["skill"] : []))
        for (place, part) in segments.enumerated() {
            let skill = skill(place)
            for (index, name) in names.enumerated() {
                var cells: [Cell] = [
                    .word(
                        (segments.count > 1 ? "\(part.name.cohort), \(name)" : name)
                            + (part.isSmall ? " †" : "")),
                    .count(part.rows),
                ]
                if shows(.deviance) { cells += measures.map { .number(value(part, index, $0)) } }
                if shows(.pinball) { cells.append(.number(pinball(index, place), digits: 4)) }
                if shows(.calibration) {
                    cells.append(.share(calibrationError(index, place), decimals: 2))
                }
                if shows(.independence) {
                    cells.append(.number(metrics[index][place].durbinWatson))
                }
                if hasSkill { cells.append(.share(skill.isEmpty ? nil : skill[index])) }
                table.add(cells, isFirst: index == 0)
            }
            guard shows(.deviance) else { continue }
            for figure in PublishedFigure.credit(published, cohort: part.name.cohort) {
                let cells: [Cell] =
                    [
                        .word("\(figure.cohort), \(figure.signal), published*"),
                        .count(figure.trades),
                    ] + measures.map { .number(figure.deviance[$0]) }
                table.add(
                    cells + Array(repeating: .number(nil), count: table.header.count - cells.count),
                    isQuiet: true)
            }
        }
        var text = shows(.deviance) ? "Quantiles and mean of |median − price| in \(unit). " : ""
        text += "All on the same trades." + smallSampleText(table, rules)
        if let levelText { text += " " + levelText }
        if hasSkill {
            text += " Skill: how much of the way from the last trade to the oracle, in pinball."
        }
        if table.rows.contains(where: \.isQuiet) {
            text += " * Other trades in another period: a reference only."
        }
        return ReportSection(title: "Side by side", text: text, table: table, file: "side-by-side")
    }

    private var differencesSection: ReportSection {
        var table = ReportTable(
            header: [
                "", "measure", "ours", "theirs", "difference", "95 % interval", "p", "verdict",
                "days needed",
            ])
        for part in segments {
            for pair in part.pairs {
                for (place, difference) in pair.differences.filter({ shows($0.family) })
                    .enumerated()
                {
                    table.add(
                        [
                            .word(
                                (segments.count > 1 ? part.name.cohort + ", " : "")
                                    + "against " + pair.theirs),
                            .word(
                                Int(difference.measure).map { "\($0) %" }
                                    ?? (difference.measure == "won"
                                        ? "trades won" : difference.measure)),
                        ] + Self.cells(difference), isQuiet: difference.outcome == .undecided,
                        isFirst: place == 0)
                }
            }
        }
        return ReportSection(
            title: "Differences",
            text: "Ours minus theirs; less than zero is in our favour, but for the share of trades "
                + "won, from which one half is taken. Intervals: pigeonhole bootstrap over days and "
                + "bonds, \(grouped(Comparison.draws)) draws. Days needed: about how many days would "
                + "decide it, if the difference is what it looks like."
                + (commonLevels.isEmpty
                    ? ""
                    : " Pinball: mean over \(counted(commonLevels.count, "level"))."),
            table: table)
    }

    private static func cells(_ difference: PairedDifference) -> [Cell] {
        let isShare = difference.measure == "won"
        func shown(_ value: Double) -> Cell { isShare ? .share(value) : .number(value) }
        return [
            shown(difference.ours), shown(difference.theirs), shown(difference.difference),
            isShare ? .shares(difference.interval) : .range(difference.interval),
            .probability(difference.probability),
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
                    table.add(
                        [
                            .word("\(part.name.cohort), against \(pair.theirs)"), .word(loss),
                            .count(test.days), .count(test.lags), .number(test.mean),
                            .number(test.statistic), .probability(test.probability),
                        ], isFirst: loss == "pinball")
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
        row("p, that those are equal") { .probability($0.selection?.probability) }
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
                    + names.dropFirst().map { "against \($0), 95 % interval" })
            var grade: String?
            for part in rows {
                let cells: [Cell] =
                    [
                        .word(
                            (part.name.grade.map { $0 + ", " } ?? "") + part.name.cohort
                                + (part.isSmall ? " †" : "")),
                        .count(part.rows),
                    ] + names.indices.map { .number(value(part, $0, "50")) }
                table.add(
                    cells + part.pairs.map(Self.interval), isQuiet: part.isSmall,
                    isFirst: part.name.grade != grade)
                grade = part.name.grade
            }
            return ReportSection(
                title: dimension.title,
                text: "Median deviance in \(unit), and the interval of ours minus theirs, "
                    + "\(Comparison.cohortDraws) draws; * beyond chance also after Holm's "
                    + "correction for all cohorts (p < 0.05). comparison.csv has every measure."
                    + smallSampleText(table, rules),
                table: table)
        }
    }

    /// The interval of the median's difference with a star where it survives the correction.
    private static func interval(_ pair: ComparedPair) -> Cell {
        guard let interval = pair.difference("50")?.interval else { return .range(nil) }
        let isSure = pair.adjusted["50"].map { $0 < 0.05 } ?? false
        return .word(Cell.range(interval, digits: 2).text + (isSure ? " *" : ""))
    }

    private var publishedSection: ReportSection? {
        let shown = published.filter { $0.dimension != "etf" }
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
        lines += [""] + [headline].compactMap(\.self) + verdicts + [""]
        let table = sideBySide.table
        lines += aligned([table.header] + table.texts)
        lines += ["", "Differences, ours minus theirs:"]
        let differences = differencesSection.table
        lines += aligned([differences.header] + differences.texts)
        return lines.joined(separator: "\n") + "\n"
    }
}
