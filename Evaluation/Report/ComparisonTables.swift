import Quantiles

extension SignalComparison {
    private static let headings = [
        "50": "50 %", "75": "75 %", "95": "95 %", "mean": "mean", "pinball": "pinball",
        "won": "trades won",
    ]

    /// Every signal side by side, all trades and the grades.
    private var sideBySide: ReportSection {
        let skills = Dictionary(
            skill.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var table = HTMLTable(
            header: ["", "trades", "50 %", "75 %", "95 %", "mean", "pinball"]
                + (skills.isEmpty ? [] : ["skill"]))
        for part in segments {
            for (index, name) in names.enumerated() {
                let label = segments.count > 1 ? "\(part.name.cohort), \(name)" : name
                var cells = [label, grouped(part.rows)]
                for measure in ["50", "75", "95", "mean", "pinball"] {
                    cells.append(
                        text(value(part, index, measure), digits: measure == "pinball" ? 4 : 3))
                }
                if !skills.isEmpty {
                    cells.append(part.name.cohort == "all" ? percent(skills[name]) : "")
                }
                table.rows.append(HTMLTable.Row(cells: cells))
            }
        }
        return ReportSection(
            title: "Side by side",
            text: "Quantiles and mean of |median − price| in \(unit), on the same trades."
                + (skills.isEmpty
                    ? ""
                    : " Skill: how much of the way from the last trade to the oracle, in pinball."),
            table: table)
    }

    private var differencesSection: ReportSection {
        var table = HTMLTable(
            header: [
                "", "measure", "ours", "theirs", "difference", "95 % interval", "p", "verdict",
            ])
        for part in segments {
            for pair in part.pairs {
                for difference in pair.differences {
                    table.rows.append(
                        HTMLTable.Row(
                            cells: [
                                (segments.count > 1 ? part.name.cohort + ", " : "")
                                    + "against " + pair.theirs,
                                Self.headings[difference.measure] ?? difference.measure,
                            ] + cells(difference), isQuiet: difference.outcome == .undecided))
                }
            }
        }
        return ReportSection(
            title: "Differences",
            text: "Ours minus theirs; less than zero is in our favour, but for the share of trades "
                + "won, from which one half is taken. Intervals: pigeonhole bootstrap over days and "
                + "bonds, \(Comparison.draws) draws.",
            table: table)
    }

    private func cells(_ difference: PairedDifference) -> [String] {
        let isShare = difference.measure == "won"
        func shown(_ value: Double?) -> String {
            isShare ? percent(value) : text(value, digits: 3)
        }
        let range = difference.interval.map {
            shown($0.lowerBound) + " … " + shown($0.upperBound)
        }
        return [
            shown(difference.ours), shown(difference.theirs), shown(difference.difference),
            range ?? "–", text(difference.probability, digits: 2),
            difference.interval == nil ? "too few days or bonds" : difference.outcome.rawValue,
        ]
    }

    private var dieboldMarianoSection: ReportSection? {
        var table = HTMLTable(header: ["", "loss", "days", "lags", "daily mean", "statistic", "p"])
        for part in segments {
            for pair in part.pairs {
                for (loss, test) in [
                    ("pinball", pair.dieboldMarianoPinball),
                    ("|median − price|", pair.dieboldMarianoError),
                ] {
                    guard let test else { continue }
                    table.rows.append(
                        HTMLTable.Row(cells: [
                            "\(part.name.cohort), against \(pair.theirs)", loss, String(test.days),
                            String(test.lags), text(test.mean, digits: 3),
                            text(test.statistic, digits: 3), text(test.probability, digits: 2),
                        ]))
                }
            }
        }
        guard !table.rows.isEmpty else { return nil }
        return ReportSection(
            title: "Diebold-Mariano",
            text: "Of daily mean loss differences, Newey-West variance, small-sample correction; a "
                + "negative statistic is in our favour.",
            table: table)
    }

    private var funnelSection: ReportSection {
        var table = HTMLTable(header: [""] + names)
        func row(_ name: String, _ value: (Funnel) -> String) {
            table.rows.append(HTMLTable.Row(cells: [name] + funnels.map(value)))
        }
        row("rows of the file") { grouped($0.rows.file) }
        row("pieces of one trade") { grouped($0.pieces) }
        row("trades of those pieces") { grouped($0.piecewiseTrades) }
        row("without a label") { grouped($0.rows.withoutLabel) }
        row("with missing tiles") { grouped($0.rows.withMissingTiles) }
        row("outside the protocol") { grouped($0.rows.filtered) }
        row("usable trades") { grouped($0.rows.judged) }
        row("not in every table") { grouped($0.unmatched - $0.otherPrice) }
        row("with another price") { grouped($0.otherPrice) }
        row("compared") { grouped($0.matched) }
        row("mean error of those left out") { text($0.selection?.droppedMean, digits: 3) }
        row("mean error of those compared") { text($0.selection?.keptMean, digits: 3) }
        row("p, that those are equal") { text($0.selection?.probability, digits: 2) }
        return ReportSection(
            title: "From the files to the same trades",
            text: "Pieces of one trade are "
                + (rules.aggregation == .merge ? "merged" : "dropped") + ".",
            table: table)
    }

    private var spaceSection: ReportSection? {
        guard let spaces else { return nil }
        var table = HTMLTable(
            header: [
                "", "price 50 %", "price 95 %", "by DV01 50 %", "by DV01 95 %", "basis points 50 %",
                "basis points 95 %",
            ])
        for row in spaces.rows {
            table.rows.append(
                HTMLTable.Row(
                    cells: [row.name]
                        + (row.price + row.priceByDV01 + row.basisPoints).map {
                            text($0, digits: 3)
                        }))
        }
        return ReportSection(
            title: "In price and in basis points",
            text: "Deviance in points through full repricing and through DV01, and in basis points "
                + "of yield, on \(grouped(spaces.trades)) trades. Losses are made in price.",
            table: table)
    }

    private var cohortSections: [ReportSection] {
        rules.cohorts.compactMap { dimension in
            let rows = cohorts.filter { $0.name.dimension == dimension }
            guard !rows.isEmpty else { return nil }
            var table = HTMLTable(
                header: [dimension.titleInline, "trades"] + names.map { "\($0) 50 %" }
                    + names.dropFirst().flatMap { ["against \($0), 95 % interval", "Holm p"] })
            for part in rows {
                var cells = [part.name.cohort + (part.isSmall ? " †" : ""), grouped(part.rows)]
                cells += names.indices.map { text(value(part, $0, "50"), digits: 3) }
                for pair in part.pairs {
                    let interval = pair.difference("50")?.interval
                    cells.append(
                        interval.map {
                            text($0.lowerBound, digits: 2) + " … " + text($0.upperBound, digits: 2)
                        } ?? "–")
                    cells.append(text(pair.adjusted["50"], digits: 2))
                }
                table.rows.append(HTMLTable.Row(cells: cells, isQuiet: part.isSmall))
            }
            return ReportSection(
                title: dimension.title,
                text: "Median deviance in \(unit) and the interval of its difference, "
                    + "\(Comparison.cohortDraws) draws; p corrected over all cohorts (Holm)."
                    + (rows.contains(where: \.isSmall)
                        ? " † Fewer than \(rules.smallSample) trades." : ""),
                table: table)
        }
    }

    private func publishedSection() throws -> ReportSection? {
        let figures = try rules.published.flatMap { try PublishedFigure.read($0) }
        guard !figures.isEmpty else { return nil }
        var table = HTMLTable(
            header: ["", "cohort", "trades", "quantile", "deviance", "source", "remark"])
        for figure in figures {
            table.rows.append(
                HTMLTable.Row(
                    cells: [
                        figure.signal, figure.cohort, Int(figure.trades).map(grouped) ?? "–",
                        figure.percent.isEmpty ? "mean" : figure.percent + " %",
                        text(figure.deviance, digits: 3), figure.source, figure.remark,
                    ], isQuiet: true))
        }
        return ReportSection(
            title: "Published figures", text: "Other trades, other period: a reference only.",
            table: table)
    }

    func sections() throws -> [ReportSection] {
        let whole = [
            sideBySide, differencesSection, dieboldMarianoSection, spaceSection, funnelSection,
            try publishedSection(),
        ].compactMap(\.self)
        return whole + cohortSections
    }

    /// The table that a terminal shows.
    public var terminalTable: String {
        var lines = ["\(grouped(matched)) trades that all \(names.count) tables have"] + remarks
        lines += [""] + verdicts + [""]
        let table = sideBySide.table
        lines += aligned([table.header] + table.rows.map(\.cells))
        lines += ["", "Differences, ours minus theirs:"]
        let differences = differencesSection.table
        lines += aligned([differences.header] + differences.rows.map(\.cells))
        return lines.joined(separator: "\n") + "\n"
    }
}
