import Quantiles

/// Compares the first signal with the others on some rows.
struct PairedComparison: Sendable {
    private let signals: [ComparedSignal]
    /// By signal and row; an empty list where a signal has no quantiles, or none in common.
    private let losses: [[Double]]
    /// 1 where ours is nearer to the label, 0 where theirs is, a half where neither; by competitor.
    private let wins: [[Double]]
    private let clusters: RowClusters
    private let resampling: Resampling

    private static let probabilities = Comparison.percents.map { Double($0) / 100 }

    init(
        signals: [ComparedSignal], losses: [[Double]], clusters: RowClusters,
        resampling: Resampling
    ) {
        self.signals = signals
        self.losses = losses
        self.clusters = clusters
        self.resampling = resampling
        let ours = signals[0].sample.error
        wins = signals.dropFirst().map { signal in
            zip(ours, signal.sample.error).map { $0 < $1 ? 1 : $0 > $1 ? 0 : 0.5 }
        }
    }

    private static let measures = Comparison.percents.map { String($0) } + ["mean", "pinball"]

    private func hasLoss(_ signal: Int) -> Bool { !losses[signal].isEmpty }

    /// - Parameters:
    ///   - rows: in the order of the table.
    ///   - orders: the same rows by ascending error, signal by signal.
    func compare(
        _ name: CohortName, rows: [Int32], orders: [[Int32]], draws: Int, isSmall: Bool
    ) -> ComparedPart {
        let days = clusters.dayNumbers(rows)
        let bonds = clusters.bondNumbers(rows)
        let smaller = min(days?.count ?? rows.count, bonds?.count ?? rows.count)
        let isSure = smaller >= PairedDifference.minimumClusters
        // Rows by signal, then one column a measure.
        let values = signals.indices.map { observed($0, rows: rows, order: orders[$0]) }
        var drawn: [ClusterBootstrap.Draw] = []
        var cells: [ClusterBootstrap.Draw] = []
        if isSure {
            if let days, let bonds, let pairs = clusters.pairNumbers(rows) {
                drawn = run(
                    ClusterBootstrap(
                        days: days, bonds: bonds, pairs: pairs, draws: draws,
                        resampling: resampling), rows, orders)
            }
            cells = run(
                ClusterBootstrap(
                    cells: clusters.cellNumbers(rows), draws: draws, resampling: resampling),
                rows, orders)
        }
        let results = signals.indices.dropFirst().map { index -> ComparedPair in
            let hasLoss = hasLoss(0) && hasLoss(index)
            let measures = hasLoss ? Self.measures : Self.measures.dropLast()
            var differences = measures.enumerated().map { place, measure in
                PairedDifference(
                    measure: measure, ours: values[0][place], theirs: values[index][place],
                    difference: values[0][place] - values[index][place],
                    draws: drawn.map { value($0, 0, place) - value($0, index, place) },
                    cellDraws: cells.map { value($0, 0, place) - value($0, index, place) },
                    clusters: smaller, days: days?.count)
            }
            let won = wins[index - 1]
            let share = rows.reduce(0.0) { $0 + won[Int($1)] } / Double(rows.count)
            func shares(_ draws: [ClusterBootstrap.Draw]) -> [Double] {
                draws.map { $0.means[$0.means.count - wins.count + index - 1] - 0.5 }
            }
            differences.append(
                PairedDifference(
                    measure: "won", ours: share, theirs: 1 - share, difference: share - 0.5,
                    draws: shares(drawn), cellDraws: shares(cells), clusters: smaller,
                    days: days?.count))
            return ComparedPair(
                theirs: signals[index].name, differences: differences,
                dieboldMarianoPinball: hasLoss
                    ? dieboldMariano(rows, losses[0], losses[index]) : nil,
                dieboldMarianoError: dieboldMariano(
                    rows, signals[0].sample.error, signals[index].sample.error))
        }
        return ComparedPart(
            name: name, rows: rows.count, days: days?.count, bonds: bonds?.count,
            isSmall: isSmall, pairs: results)
    }

    /// Quantiles of deviance, mean error and pinball of one signal, as they are.
    private func observed(_ index: Int, rows: [Int32], order: [Int32]) -> [Double] {
        let error = signals[index].sample.error
        let sorted = order.map { error[Int($0)] }
        var values = Self.probabilities.map { sampleQuantile(ofSorted: sorted, at: $0) }
        values.append(sorted.reduce(0, +) / Double(sorted.count))
        if hasLoss(index) {
            values.append(rows.reduce(0.0) { $0 + losses[index][Int($1)] } / Double(rows.count))
        }
        return values
    }

    /// The same in a draw.
    private func value(_ draw: ClusterBootstrap.Draw, _ signal: Int, _ measure: Int) -> Double {
        let quantiles = Self.probabilities.count
        guard measure >= quantiles else { return draw.quantiles[signal][measure] }
        guard measure > quantiles else { return draw.means[signal] }
        // Signals without a loss take no place among the losses.
        return draw.means[signals.count + (0..<signal).count { hasLoss($0) }]
    }

    /// Means in the order: errors of the signals, their losses, the shares won.
    private func run(
        _ bootstrap: ClusterBootstrap, _ rows: [Int32], _ orders: [[Int32]]
    ) -> [ClusterBootstrap.Draw] {
        let errors = signals.map(\.sample.error)
        return bootstrap.run(
            rows: rows, orders: orders, errors: errors, probabilities: Self.probabilities,
            means: errors + losses.filter { !$0.isEmpty } + wins)
    }

    private func dieboldMariano(
        _ rows: [Int32], _ ours: [Double], _ theirs: [Double]
    ) -> DieboldMariano? {
        guard let days = clusters.day else { return nil }
        return DieboldMariano(
            dailyMeans(
                rows.map { ours[Int($0)] - theirs[Int($0)] }, rows.map { days[Int($0)] }))
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
