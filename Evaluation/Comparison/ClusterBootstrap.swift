import Quantiles

/// Quantiles and means of errors under weights that are drawn again and again.
///
/// Pigeonhole bootstrap: days and bonds are drawn with replacement, each by itself, and a row weighs
/// as often as its day times as often as its bond. All signals see the same draws, so differences
/// are paired. Sixteen draws go through the rows at once.
/// Source: Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1 (2007).
struct ClusterBootstrap: Sendable {
    private let days: ClusterNumbers?
    private let bonds: ClusterNumbers
    /// What `bonds` are: bonds, or the cells of days and bonds.
    private let kind: Resampling.Kind
    /// Rows that weigh the same in every draw.
    private let groups: ClusterNumbers
    private let draws: Int
    private let resampling: Resampling

    private static let block = 256

    /// Draws days and bonds, each by itself.
    /// - Parameter pairs: the pairs of a day and a bond.
    init(
        days: ClusterNumbers, bonds: ClusterNumbers, pairs: ClusterNumbers, draws: Int,
        resampling: Resampling
    ) {
        self.days = days
        self.bonds = bonds
        kind = .bonds
        groups = pairs
        self.draws = resampling.draws(.bonds, wanted: draws)
        self.resampling = resampling
    }

    /// Draws the cells of days and bonds, as if they were independent.
    init(cells: ClusterNumbers, draws: Int, resampling: Resampling) {
        days = nil
        bonds = cells
        kind = .cells
        groups = cells
        self.draws = resampling.draws(.cells, wanted: draws)
        self.resampling = resampling
    }

    /// What one draw makes of the rows.
    struct Draw: Sendable {
        /// Of each list of errors the wanted quantiles, type 7, a row as often as it weighs.
        var quantiles: [[Double]]
        /// Of each list of values the mean.
        var means: [Double]
    }

    /// - Parameters:
    ///   - rows: in the order of the table.
    ///   - orders: for each list of errors, the rows by ascending error.
    ///   - errors, values: by row of the table.
    func run(
        rows: [Int32], orders: [[Int32]], errors: [[Double]], probabilities: [Double],
        means values: [[Double]]
    ) -> [Draw] {
        let sorted = zip(orders, errors).map { order, errors in
            SortedErrors(
                error: order.map { errors[Int($0)] }, day: days?.of(order), bond: bonds.of(order))
        }
        let sums = GroupSums(rows, values, groups: groups, days: days, bonds: bonds)
        var results: [Draw] = []
        results.reserveCapacity(draws)
        for start in stride(from: 0, to: draws, by: 16) {
            let lanes = 0..<min(16, draws - start)
            let weights = Weights(
                days: days.map { counts(.days, of: $0.count, from: start, lanes) } ?? [],
                bonds: counts(kind, of: bonds.count, from: start, lanes))
            let sums = weights.sums(of: sums)
            let cumulated = sorted.map { weights.cumulated(day: $0.day, bond: $0.bond) }
            for lane in lanes {
                let total = Double(cumulated[0].last?[lane] ?? 0)
                // A draw may miss all rows of a small cohort.
                guard total > 0 else { continue }
                results.append(
                    Draw(
                        quantiles: zip(sorted, cumulated).map { sorted, cumulated in
                            probabilities.map {
                                weights.quantile(
                                    sorted, cumulated, lane: lane, position: $0 * (total - 1))
                            }
                        },
                        means: sums.map { $0[lane] / total }))
            }
        }
        return results
    }

    /// How often each of some clusters comes in up to sixteen draws.
    private func counts(
        _ kind: Resampling.Kind, of clusters: Int, from start: Int, _ lanes: Range<Int>
    ) -> [SIMD16<Float>] {
        var counts = [SIMD16<Float>](repeating: .zero, count: clusters)
        counts.withUnsafeMutableBufferPointer { counts in
            for lane in lanes {
                resampling.forEachPick(kind, draw: start + lane, of: clusters) {
                    counts[$0][lane] += 1
                }
            }
        }
        return counts
    }

    /// Sums over rows that weigh the same in every draw.
    private struct GroupSums {
        /// The clusters of each group.
        private(set) var day: [Int32]?
        private(set) var bond: [Int32]
        /// A list of values a list.
        private(set) var sums: [[Double]]

        init(
            _ rows: [Int32], _ values: [[Double]], groups: ClusterNumbers, days: ClusterNumbers?,
            bonds: ClusterNumbers
        ) {
            let group = groups.of(rows)
            func ofGroups(_ clusters: [Int32]) -> [Int32] {
                var cluster = [Int32](repeating: 0, count: groups.count)
                for (place, group) in group.enumerated() { cluster[Int(group)] = clusters[place] }
                return cluster
            }
            day = days.map { ofGroups($0.of(rows)) }
            bond = ofGroups(bonds.of(rows))
            sums = values.map { values in
                var sum = [Double](repeating: 0, count: groups.count)
                for (place, row) in rows.enumerated() { sum[Int(group[place])] += values[Int(row)] }
                return sum
            }
        }
    }

    /// Errors in ascending order, with the clusters of their rows.
    private struct SortedErrors {
        let error: [Double]
        let day: [Int32]?
        let bond: [Int32]
    }

    /// Sixteen draws: how often each day and each bond comes.
    private struct Weights {
        let days: [SIMD16<Float>]
        let bonds: [SIMD16<Float>]

        /// Calls a body with the weights of each block of rows.
        private func forEachBlock(
            day: [Int32]?, bond: [Int32],
            _ body: (_ start: Int, UnsafeMutableBufferPointer<SIMD16<Float>>) -> Void
        ) {
            withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: ClusterBootstrap.block)
            { weights in
                bonds.withUnsafeBufferPointer { bonds in
                    for start in stride(from: 0, to: bond.count, by: ClusterBootstrap.block) {
                        let count = min(ClusterBootstrap.block, bond.count - start)
                        if let day {
                            days.withUnsafeBufferPointer { days in
                                for index in 0..<count {
                                    weights[index] =
                                        days[Int(day[start + index])]
                                        * bonds[Int(bond[start + index])]
                                }
                            }
                        } else {
                            for index in 0..<count {
                                weights[index] = bonds[Int(bond[start + index])]
                            }
                        }
                        body(start, UnsafeMutableBufferPointer(rebasing: weights[..<count]))
                    }
                }
            }
        }

        /// The weighted sum of each list, draw by draw.
        func sums(of groups: GroupSums) -> [SIMD16<Double>] {
            let days = days.map(Self.doubles)
            let bonds = bonds.map(Self.doubles)
            var sums = [SIMD16<Double>](repeating: .zero, count: groups.sums.count)
            withUnsafeTemporaryAllocation(of: SIMD16<Double>.self, capacity: ClusterBootstrap.block)
            { weights in
                for start in stride(from: 0, to: groups.bond.count, by: ClusterBootstrap.block) {
                    let count = min(ClusterBootstrap.block, groups.bond.count - start)
                    for index in 0..<count {
                        let bond = bonds[Int(groups.bond[start + index])]
                        weights[index] =
                            if let day = groups.day {
                                days[Int(day[start + index])] * bond
                            } else {
                                bond
                            }
                    }
                    for (place, list) in groups.sums.enumerated() {
                        var part = SIMD16<Double>.zero
                        list.withUnsafeBufferPointer { list in
                            for index in 0..<count { part += weights[index] * list[start + index] }
                        }
                        sums[place] += part
                    }
                }
            }
            return sums
        }

        private static func doubles(_ counts: SIMD16<Float>) -> SIMD16<Double> {
            var doubles = SIMD16<Double>.zero
            for lane in 0..<16 { doubles[lane] = Double(counts[lane]) }
            return doubles
        }

        /// The weight of all rows up to each block's end.
        func cumulated(day: [Int32]?, bond: [Int32]) -> [SIMD16<Float>] {
            var total = SIMD16<Float>.zero
            var cumulated: [SIMD16<Float>] = []
            cumulated.reserveCapacity(bond.count / ClusterBootstrap.block + 1)
            forEachBlock(day: day, bond: bond) { _, weights in
                for weight in weights { total += weight }
                cumulated.append(total)
            }
            return cumulated
        }

        /// The error at a place among the rows of a draw, between two of them by parts.
        func quantile(
            _ sorted: SortedErrors, _ cumulated: [SIMD16<Float>], lane: Int, position: Double
        ) -> Double {
            let lower = position.rounded(.down)
            let first = value(sorted, cumulated, lane: lane, at: lower)
            let share = position - lower
            guard share > 0 else { return first }
            return first + share * (value(sorted, cumulated, lane: lane, at: lower + 1) - first)
        }

        private func value(
            _ sorted: SortedErrors, _ cumulated: [SIMD16<Float>], lane: Int, at place: Double
        ) -> Double {
            var low = 0
            var high = cumulated.count - 1
            while low < high {
                let middle = (low + high) / 2
                if Double(cumulated[middle][lane]) > place {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            var passed = low == 0 ? 0 : Double(cumulated[low - 1][lane])
            let start = low * ClusterBootstrap.block
            for index in start..<min(sorted.error.count, start + ClusterBootstrap.block) {
                let weight = bonds[Int(sorted.bond[index])][lane]
                passed += Double(
                    weight * (sorted.day.map { days[Int($0[index])][lane] } ?? 1))
                if passed > place { return sorted.error[index] }
            }
            return sorted.error[sorted.error.count - 1]
        }
    }
}
