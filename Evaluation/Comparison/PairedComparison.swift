import Quantiles

/// Compares the first signal with the others on some rows.
struct PairedComparison: Sendable {
    private let signals: [ComparedSignal]
    /// By signal and row; empty lists where no level is common.
    private let losses: [[Double]]
    /// 1 where ours is nearer to the label, 0 where theirs is, a half where neither; by competitor.
    private let wins: [[Double]]
    private let facts: RowFacts?
    private let trades: TradeColumns?

    private static let probabilities = Comparison.percents.map { Double($0) / 100 }

    init(
        signals: [ComparedSignal], losses: [[Double]], facts: RowFacts?, trades: TradeColumns?
    ) {
        self.signals = signals
        self.losses = losses
        self.facts = facts
        self.trades = trades
        let ours = signals[0].sample.error
        wins = signals.dropFirst().map { signal in
            zip(ours, signal.sample.error).map { $0 < $1 ? 1 : $0 > $1 ? 0 : 0.5 }
        }
    }

    func compare(
        _ name: CohortName, codes: [Int16], code: Int16, draws: Int, isSmall: Bool
    ) -> ComparedPart {
        let rows = signals[0].sample.all.rows.filter { codes[Int($0)] == code }
        let orders = signals.map { signal in
            signal.sample.all.byError.filter { codes[Int($0)] == code }
        }
        let clusters = RowClusters(day: facts?.day, bond: trades?.bond)
        let days = facts.map { facts in Set(rows.map { facts.day[Int($0)] }).count }
        let bonds = trades.map { trades in Set(rows.map { trades.bond[Int($0)] }).count }
        let smaller = min(days ?? rows.count, bonds ?? rows.count)
        let isSure = smaller >= PairedDifference.minimumClusters
        let pairs = isSure && facts != nil
        // Rows by signal, then one column a measure.
        let values = signals.indices.map { observed($0, rows: rows, order: orders[$0]) }
        let drawn = pairs ? self.drawn(clusters, rows, orders, pairs: true, draws: draws) : []
        let cells = isSure ? self.drawn(clusters, rows, orders, pairs: false, draws: draws) : []

        let hasLoss = !losses[0].isEmpty
        let measures =
            Comparison.percents.map { String($0) } + ["mean"] + (hasLoss ? ["pinball"] : [])
        let results = signals.indices.dropFirst().map { index -> ComparedPair in
            func column(_ draws: [[[Double]]], _ place: Int) -> [Double] {
                guard !draws.isEmpty else { return [] }
                return zip(draws[0], draws[index]).map { $0[place] - $1[place] }
            }
            var differences = measures.enumerated().map { place, measure in
                PairedDifference(
                    measure: measure, ours: values[0][place], theirs: values[index][place],
                    difference: values[0][place] - values[index][place],
                    draws: column(drawn, place), cellDraws: column(cells, place),
                    clusters: smaller)
            }
            let won = wins[index - 1]
            let share = rows.reduce(0.0) { $0 + won[Int($1)] } / Double(rows.count)
            // Behind the measures stand the shares won, one a competitor, in our own draws.
            let place = measures.count + index - 1
            func shares(_ draws: [[[Double]]]) -> [Double] {
                draws.isEmpty ? [] : draws[0].map { $0[place] - 0.5 }
            }
            differences.append(
                PairedDifference(
                    measure: "won", ours: share, theirs: 1 - share, difference: share - 0.5,
                    draws: shares(drawn), cellDraws: shares(cells), clusters: smaller))
            return ComparedPair(
                theirs: signals[index].name, differences: differences,
                dieboldMarianoPinball: hasLoss
                    ? dieboldMariano(rows, losses[0], losses[index]) : nil,
                dieboldMarianoError: dieboldMariano(
                    rows, signals[0].sample.error, signals[index].sample.error))
        }
        return ComparedPart(
            name: name, rows: rows.count, days: days, bonds: bonds, isSmall: isSmall,
            pairs: results)
    }

    /// Quantiles of deviance, mean error and pinball of one signal, as they are.
    private func observed(_ index: Int, rows: [Int32], order: [Int32]) -> [Double] {
        let error = signals[index].sample.error
        let sorted = order.map { error[Int($0)] }
        var values = Self.probabilities.map { sampleQuantile(ofSorted: sorted, at: $0) }
        values.append(sorted.reduce(0, +) / Double(sorted.count))
        if !losses[index].isEmpty {
            values.append(rows.reduce(0.0) { $0 + losses[index][Int($1)] } / Double(rows.count))
        }
        return values
    }

    /// The same under the bootstrap's weights, by signal and draw; ours with the shares won.
    private func drawn(
        _ clusters: RowClusters, _ rows: [Int32], _ orders: [[Int32]], pairs: Bool, draws: Int
    ) -> [[[Double]]] {
        let bootstrap = ClusterBootstrap(
            clusters, rows: rows, rowCount: signals[0].sample.rowCount, pairs: pairs, draws: draws)
        return signals.indices.map { index in
            let error = signals[index].sample.error
            return bootstrap.run(
                order: orders[index], error: error, probabilities: Self.probabilities,
                means: [error] + (losses[index].isEmpty ? [] : [losses[index]])
                    + (index == 0 ? wins : []))
        }
    }

    private func dieboldMariano(
        _ rows: [Int32], _ ours: [Double], _ theirs: [Double]
    ) -> DieboldMariano? {
        guard let facts else { return nil }
        return DieboldMariano(
            dailyMeans(
                rows.map { ours[Int($0)] - theirs[Int($0)] }, rows.map { facts.day[Int($0)] }))
    }
}

/// What a comparison found on all trades, on a grade or on a cohort.
public struct ComparedPart: Sendable {
    public let name: CohortName
    public let rows: Int
    /// Nil for tabular data, as `bonds`.
    public let days: Int?
    public let bonds: Int?
    public let isSmall: Bool
    /// One a competitor.
    public internal(set) var pairs: [ComparedPair]
}

/// Ours against one competitor.
public struct ComparedPair: Sendable {
    public let theirs: String
    /// Quantiles of deviance, mean error, pinball and the share of trades won.
    public let differences: [PairedDifference]
    /// On daily mean differences of pinball, and of |median - label|; nil for too few days.
    public let dieboldMarianoPinball: DieboldMariano?
    public let dieboldMarianoError: DieboldMariano?
    /// Holm's probabilities by measure, over all cohorts of this competitor; empty for segments.
    public internal(set) var adjusted: [String: Double] = [:]

    public func difference(_ measure: String) -> PairedDifference? {
        differences.first { $0.measure == measure }
    }
}
