import Bonds
import Quantiles

/// All that a comparison of signals found.
public struct SignalComparison: Sendable {
    /// Ours first, as `names`.
    public let files: [String]
    public let names: [String]
    public let units: [ForecastUnit]
    public let isPoint: [Bool]
    public let rules: EvaluationProtocol
    public let market: MarketReference?
    public let isBond: Bool
    /// The first and the last day of the trades in New York; nil where there are no times.
    public let period: ClosedRange<CalendarDate>?
    /// Of each table on the matched trades, then on those of each grade, as `segments`.
    public let metrics: [[ForecastMetrics]]
    public let funnels: [Funnel]
    public let commonLevels: [Double]
    /// All trades, the grades, the cohorts of all trades and of the grades.
    public let parts: [ComparedPart]
    public let spaces: SpaceTable?
    /// Of each table the baskets of bond funds; empty without a market that has some.
    public let funds: [[FundCheck]]
    /// What others published, as the protocol names it.
    let published: [PublishedFigure]
    let notes: [String]

    /// The trades that all tables have.
    public var matched: Int { funnels[0].matched }
    var unit: String { isBond ? "points" : "label's units" }
    /// All trades and the grades.
    var segments: [ComparedPart] { parts.filter { $0.name.dimension == nil } }
    var cohorts: [ComparedPart] { parts.filter { $0.name.dimension != nil } }

    /// Whether the protocol asks for a family of metrics.
    func shows(_ family: MetricFamily) -> Bool { rules.metrics.contains(family) }

    /// What was measured of one signal's errors in a part: an index into `names` and a measure.
    func value(_ part: ComparedPart, _ signal: Int, _ measure: String) -> Double? {
        signal == 0
            ? part.pairs[0].difference(measure)?.ours
            : part.pairs[signal - 1].difference(measure)?.theirs
    }

    /// Mean pinball and calibration error of a signal in a segment, at the levels that all tables of
    /// quantiles have; nil for a signal of one number a trade.
    func pinball(_ signal: Int, _ segment: Int) -> Double? {
        mean(signal, segment) { $0.pinballByLevel[$1] }
    }

    func calibrationError(_ signal: Int, _ segment: Int) -> Double? {
        mean(signal, segment) { abs($0.calibration[$1].share - $0.calibration[$1].level) }
    }

    private func mean(
        _ signal: Int, _ segment: Int, _ value: (ForecastMetrics, Int) -> Double
    ) -> Double? {
        let metrics = metrics[signal][segment]
        let places = commonLevels.compactMap(metrics.levels.index(of:))
        guard !isPoint[signal], !places.isEmpty else { return nil }
        return places.reduce(0) { $0 + value(metrics, $1) } / Double(places.count)
    }

    /// At which levels quantiles are compared, where that needs saying; nil where all tables have
    /// the same.
    var levelText: String? {
        let tables = names.indices.filter { !isPoint[$0] }.map { metrics[$0][0].levels.values }
        guard let first = tables.first else { return nil }
        let points = names.indices.filter { isPoint[$0] }.map { names[$0] }
        var lines: [String] = []
        if commonLevels.isEmpty {
            lines.append("The tables have no level in common, so quantiles are not compared.")
        } else if tables.contains(where: { $0 != first }) {
            lines.append(
                "Pinball and calibration error are of the levels that all tables have: "
                    + commonLevels.map { QuantileLevels.percent($0) }.joined(separator: ", ")
                    + " %.")
        }
        if !points.isEmpty {
            lines.append(
                "One number a trade is no quantile, so " + sentenceList(points)
                    + (points.count == 1 ? " has" : " have") + " none of these.")
        }
        return lines.isEmpty ? nil : lines.joined(separator: " ")
    }

    /// What the numbers come to, in a sentence for all competitors; nil where there is only one.
    public var headline: String? {
        let pairs = parts[0].pairs
        guard pairs.count > 1 else { return nil }
        let measures = ["50", "pinball"].filter { measure in
            shows(measure == "50" ? .deviance : .pinball)
                && pairs.contains { $0.difference(measure) != nil }
        }
        guard !measures.isEmpty else { return nil }
        func outcome(_ pair: ComparedPair) -> PairedDifference.Outcome? {
            let outcomes = Set(measures.compactMap { pair.difference($0)?.outcome })
            return outcomes.count == 1 ? outcomes.first : nil
        }
        func those(_ wanted: PairedDifference.Outcome?) -> String? {
            let names = pairs.filter { outcome($0) == wanted }.map { pair in
                // One number a trade has no pinball.
                let isWhole = measures.allSatisfy { pair.difference($0) != nil }
                return pair.theirs + (isWhole ? "" : " (by the median deviance alone)")
            }
            return names.isEmpty ? nil : sentenceList(names)
        }
        let phrases = [
            those(.better).map { "better than \($0)" }, those(.worse).map { "worse than \($0)" },
            those(.undecided).map { "not to be told apart from \($0)" },
            those(nil).map { "not the same by both measures against \($0)" },
        ].compactMap(\.self)
        let by = measures.map { $0 == "50" ? "the median deviance" : "mean pinball" }
        return "By \(by.joined(separator: " and ")) on the same \(counted(matched, "trade")), "
            + "\(names[0]) is " + phrases.joined(separator: "; ") + "."
    }

    /// What the numbers come to, a few sentences a competitor.
    public var verdicts: [String] {
        parts[0].pairs.enumerated().map { index, pair in
            let median = Self.phrase(
                pair.difference("50"), "the median deviance", unit, names[0], pair.theirs)
            let loss = Self.phrase(
                pair.difference("pinball"), "mean pinball", unit, names[0], pair.theirs)
            let wins = pair.difference("won").map {
                "\(names[0]) is nearer to the price on \(percent($0.ours)) of the trades."
            }
            return
                ((shows(.deviance) ? [median] : []) + (shows(.pinball) ? [loss] : [])
                + (shows(.deviance) ? [wins, cohortSentence(index)] : []))
                .compactMap(\.self).joined(separator: " ")
        }.filter { !$0.isEmpty }
    }

    /// In how many cohorts the median deviances differ by more than chance.
    private func cohortSentence(_ pair: Int) -> String? {
        let tested = cohorts.compactMap { part -> (p: Double, difference: Double)? in
            guard let p = part.pairs[pair].adjusted["50"],
                let difference = part.pairs[pair].difference("50")
            else { return nil }
            return (p, difference.difference)
        }
        guard !tested.isEmpty else { return nil }
        let sure = tested.filter { $0.p < 0.05 }
        let better = sure.count { $0.difference < 0 }
        let open = tested.count - sure.count
        return "Of \(counted(tested.count, "cohort")), \(names[0]) has the smaller median deviance "
            + "in \(better) and the larger in \(sure.count - better)"
            + (open > 0 ? "; \(open) are open" : "")
            + " (5 %, corrected for the number of cohorts)."
    }

    /// A sentence that says no more than the interval allows.
    private static func phrase(
        _ difference: PairedDifference?, _ what: String, _ unit: String, _ ours: String,
        _ theirs: String
    ) -> String? {
        guard let difference else { return nil }
        let numbers =
            "\(text(difference.ours, digits: 3)) against \(text(difference.theirs, digits: 3)) \(unit)"
        guard let interval = difference.interval else {
            return
                "By \(what), \(ours) has \(numbers) of \(theirs); there are too few days or bonds "
                + "to say whether that is chance."
        }
        let range =
            "95 % interval of the difference \(text(interval.lowerBound, digits: 3)) to "
            + text(interval.upperBound, digits: 3)
        switch difference.outcome {
        case .better: return "By \(what), \(ours) is better than \(theirs): \(numbers), \(range)."
        case .worse: return "By \(what), \(ours) is worse than \(theirs): \(numbers), \(range)."
        case .undecided:
            let days = difference.daysNeeded.map {
                " If the difference is what it looks like, about \(grouped($0)) days of such trades "
                    + "would be needed to tell."
            }
            return "By \(what), \(ours) and \(theirs) cannot be told apart: \(numbers), \(range)."
                + (days ?? "")
        }
    }

    /// Where each signal stands between the last trade and the oracle, in pinball on all trades or
    /// a grade: 0 is the last trade, 1 the oracle; nil for a signal of one number a trade. Empty
    /// unless tables of those names are compared.
    func skill(_ segment: Int) -> [Double?] {
        func position(_ word: String) -> Int? {
            names.firstIndex { name in
                let name = name.lowercased().replacing("_", with: "-")
                return name == word || name.hasSuffix("-" + word) || name.hasSuffix("." + word)
            }
        }
        guard let last = position("last-trade"), let oracle = position("oracle"),
            let worst = pinball(last, segment), let best = pinball(oracle, segment), worst != best
        else { return [] }
        return names.indices.map { index in
            pinball(index, segment).map { (worst - $0) / (worst - best) }
        }
    }

    /// Which rows of a table are not among those compared, in sentences.
    private func leftOut(_ name: String, _ funnel: Funnel) -> [String] {
        guard funnel.quotes == nil else { return [] }
        var lines: [String] = []
        if funnel.pieces > 0 {
            lines.append(
                "\(name): \(counted(funnel.pieces, "row")) are pieces of "
                    + "\(counted(funnel.piecewiseTrades, "trade")), "
                    + (rules.aggregation == .merge ? "merged." : "left out."))
        }
        if funnel.matched < funnel.rows.judged || funnel.rows.judged < funnel.rows.file {
            let others = [
                (funnel.unmatched - funnel.otherPrice, "not in every table"),
                (funnel.otherPrice, "with another price"),
            ].filter { $0.0 > 0 }.map { ", \(grouped($0.0)) \($0.1)" }
            lines.append(
                "\(name): \(funnel.rows.text)\(others.joined()); \(grouped(funnel.matched)) "
                    + "compared.")
        }
        return lines
    }

    /// What a reader should know, in sentences.
    public var remarks: [String] {
        var lines: [String] = []
        if market?.isSimulated == true {
            lines.append("Simulated market: these figures are no evidence about real markets.")
        }
        if market == nil, isBond {
            lines.append("Without a market, trades are not split by rating, sector or issue.")
        }
        if let filter = rules.filterText(in: market) {
            lines.append("Protocol \(rules.name): \(filter).")
        }
        if let levelText { lines.append(levelText) }
        lines += notes
        for (name, funnel) in zip(names, funnels) {
            lines += leftOut(name, funnel)
            if let quotes = funnel.quotes { lines.append("\(name): \(quotes.sentence)") }
            guard let check = funnel.selection, let p = check.probability, p < 0.05 else {
                continue
            }
            lines.append(
                "Selection: of \(name), \(counted(funnel.unmatched, "trade")) left out with "
                    + (check.droppedMean > check.keptMean ? "larger" : "smaller")
                    + " errors (mean \(text(check.droppedMean, digits: 3)) against "
                    + "\(text(check.keptMean, digits: 3)), p \(text(p, digits: 2))), so its figures "
                    + "on all of its trades are another thing.")
        }
        if let spaces, spaces.isInverted {
            lines.append(
                "The order of the signals is another one in basis points than in price: the same "
                    + "basis point is worth more on a long bond.")
        }
        return lines
    }
}
