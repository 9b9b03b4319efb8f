import Quantiles
import Random

/// Quantiles and means of errors under weights that are drawn again and again.
///
/// Pigeonhole bootstrap: days and bonds are drawn with replacement, each by itself, and a row weighs
/// as often as its day times as often as its bond. All signals see the same draws, so differences
/// are paired. Sixteen draws go through the rows at once.
/// Source: Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1 (2007).
struct ClusterBootstrap: Sendable {
    private let days: ClusterNumbers?
    private let bonds: ClusterNumbers
    private let batches: Int
    private let root: RandomStream

    private static let block = 256

    /// Draws days and bonds, each by itself.
    init(days: ClusterNumbers, bonds: ClusterNumbers, draws: Int) {
        self.days = days
        self.bonds = bonds
        batches = (draws + 15) / 16
        root = RandomStream(seed: 7).stream("pigeonhole")
    }

    /// Draws the cells of days and bonds, as if they were independent.
    init(cells: ClusterNumbers, draws: Int) {
        days = nil
        bonds = cells
        batches = (draws + 15) / 16
        root = RandomStream(seed: 7).stream("cells")
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
        let lists = values.map { list in rows.map { Float(list[Int($0)]) } }
        let day = days?.of(rows)
        let bond = bonds.of(rows)
        var draws: [Draw] = []
        draws.reserveCapacity(16 * batches)
        for batch in 0..<batches {
            let stream = root.stream(batch)
            let weights = Weights(
                days: days.map { Self.counts($0.count, stream.stream("days")) } ?? [],
                bonds: Self.counts(bonds.count, stream.stream("bonds")))
            let sums = weights.sums(of: lists, day: day, bond: bond)
            let cumulated = sorted.map { weights.cumulated(day: $0.day, bond: $0.bond) }
            for lane in 0..<16 {
                let total = Double(cumulated[0].last?[lane] ?? 0)
                // A draw may miss all rows of a small cohort.
                guard total > 0 else { continue }
                draws.append(
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
        return draws
    }

    /// How often each of some clusters comes when as many are drawn with replacement.
    private static func counts(_ clusters: Int, _ stream: RandomStream) -> [SIMD16<Float>] {
        var stream = stream
        var counts = [SIMD16<Float>](repeating: .zero, count: clusters)
        for lane in 0..<16 {
            for _ in 0..<clusters { counts[stream.integer(below: clusters)][lane] += 1 }
        }
        return counts
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
        func sums(of lists: [[Float]], day: [Int32]?, bond: [Int32]) -> [[Double]] {
            var sums = [[Double]](
                repeating: [Double](repeating: 0, count: 16), count: lists.count)
            forEachBlock(day: day, bond: bond) { start, weights in
                for (place, list) in lists.enumerated() {
                    // A block's sum in single precision loses nothing that matters.
                    var part = SIMD16<Float>.zero
                    list.withUnsafeBufferPointer { list in
                        for index in weights.indices {
                            part += weights[index] * list[start + index]
                        }
                    }
                    for lane in 0..<16 { sums[place][lane] += Double(part[lane]) }
                }
            }
            return sums
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
