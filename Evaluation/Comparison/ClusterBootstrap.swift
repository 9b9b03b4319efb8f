import Quantiles
import Random

/// By what the errors of rows hang together.
struct RowClusters: Sendable {
    /// Each row's day and bond, from 0; nil for rows that hang together by nothing.
    let day: [Int32]?
    let bond: [Int32]?
}

/// Quantiles and means of one signal's errors under weights that are drawn again and again.
///
/// Pigeonhole bootstrap: days and bonds are drawn with replacement, each by itself, and a row weighs
/// as often as its day times as often as its bond. All signals see the same draws, so differences
/// are paired. Sixteen draws go through the rows at once.
/// Source: Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1 (2007).
struct ClusterBootstrap: Sendable {
    /// Draws of days and of bonds: weights by cluster, sixteen draws at a time.
    private let days: [[SIMD16<Float>]]
    private let bonds: [[SIMD16<Float>]]
    private let dayOf: [Int32]
    private let bondOf: [Int32]
    let draws: Int

    private static let block = 256

    /// - Parameters:
    ///   - rows: the rows that count; cluster codes are looked up by row.
    ///   - pairs: whether days and bonds are drawn; otherwise their cells are, as if they were
    ///     independent.
    init(_ clusters: RowClusters, rows: [Int32], rowCount: Int, pairs: Bool, draws: Int) {
        let root = RandomStream(seed: 7).stream(pairs ? "pigeonhole" : "cells")
        var dayOf = [Int32](repeating: 0, count: rowCount)
        var bondOf = dayOf
        let dayCount: Int
        let bondCount: Int
        if pairs, let day = clusters.day, let bond = clusters.bond {
            dayCount = Self.renumber(rows, day, into: &dayOf)
            bondCount = Self.renumber(rows, bond, into: &bondOf)
        } else {
            dayCount = 0
            // Thousands of random groups of cells are as good as single cells, and fit the cache.
            let groups: UInt64 = 4_096
            var codes = [Int32](repeating: 0, count: rowCount)
            for row in rows {
                let index = Int(row)
                var hash = UInt64(index)
                if let day = clusters.day, let bond = clusters.bond {
                    hash =
                        UInt64(UInt32(bitPattern: day[index])) << 32
                        | UInt64(UInt32(bitPattern: bond[index]))
                }
                hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
                hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
                codes[index] = Int32((hash ^ (hash >> 31)) % groups)
            }
            bondCount = Self.renumber(rows, codes, into: &bondOf)
        }
        let batches = (draws + 15) / 16
        self.draws = batches * 16
        self.dayOf = dayOf
        self.bondOf = bondOf
        var days: [[SIMD16<Float>]] = []
        var bonds: [[SIMD16<Float>]] = []
        for batch in 0..<batches {
            let stream = root.stream(batch)
            days.append(
                dayCount == 0
                    ? [SIMD16(repeating: 1)] : Self.counts(dayCount, stream.stream("days")))
            bonds.append(Self.counts(bondCount, stream.stream("bonds")))
        }
        self.days = days
        self.bonds = bonds
    }

    /// Numbers the codes of some rows from 0, in the order in which they come.
    private static func renumber(
        _ rows: [Int32], _ codes: [Int32], into numbers: inout [Int32]
    ) -> Int {
        var known: [Int32: Int32] = [:]
        for row in rows {
            let code = codes[Int(row)]
            if let number = known[code] {
                numbers[Int(row)] = number
            } else {
                numbers[Int(row)] = Int32(known.count)
                known[code] = Int32(known.count)
            }
        }
        return known.count
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

    /// For each draw the wanted quantiles of the errors (type 7, a row as often as it weighs), then
    /// the mean of every list of values. Shape: `[draw][quantile, then mean]`.
    /// - Parameters:
    ///   - order: the rows by ascending error.
    ///   - values: by row.
    func run(
        order: [Int32], error: [Double], probabilities: [Double], means values: [[Double]]
    ) -> [[Double]] {
        let count = order.count
        let day = order.map { dayOf[Int($0)] }
        let bond = order.map { bondOf[Int($0)] }
        let sorted = order.map { error[Int($0)] }
        let lists = values.map { list in order.map { Float(list[Int($0)]) } }
        var results: [[Double]] = []
        results.reserveCapacity(draws)
        let blocks = (count + Self.block - 1) / Self.block
        var upTo = [SIMD16<Float>](repeating: .zero, count: blocks)
        for batch in days.indices {
            var sums = [[Double]](
                repeating: [Double](repeating: 0, count: 16), count: lists.count)
            days[batch].withUnsafeBufferPointer { days in
                bonds[batch].withUnsafeBufferPointer { bonds in
                    var total = SIMD16<Float>.zero
                    for block in 0..<blocks {
                        let range = block * Self.block..<min(count, (block + 1) * Self.block)
                        for index in range {
                            total += days[Int(day[index])] * bonds[Int(bond[index])]
                        }
                        upTo[block] = total
                    }
                    for (place, list) in lists.enumerated() {
                        for block in 0..<blocks {
                            var part = SIMD16<Float>.zero
                            for index in block * Self.block..<min(count, (block + 1) * Self.block) {
                                part +=
                                    days[Int(day[index])] * bonds[Int(bond[index])] * list[index]
                            }
                            for lane in 0..<16 { sums[place][lane] += Double(part[lane]) }
                        }
                    }
                }
            }
            for lane in 0..<16 {
                let total = blocks == 0 ? 0 : upTo[blocks - 1][lane]
                // A draw may miss all rows of a small cohort.
                guard total > 0 else { continue }
                var row: [Double] = []
                for probability in probabilities {
                    let position = probability * (Double(total) - 1)
                    let lower = position.rounded(.down)
                    func value(at place: Double) -> Double {
                        var low = 0
                        var high = blocks - 1
                        while low < high {
                            let middle = (low + high) / 2
                            if Double(upTo[middle][lane]) > place {
                                high = middle
                            } else {
                                low = middle + 1
                            }
                        }
                        var passed = low == 0 ? 0 : Double(upTo[low - 1][lane])
                        for index in low * Self.block..<min(count, (low + 1) * Self.block) {
                            passed += Double(
                                days[batch][Int(day[index])][lane]
                                    * bonds[batch][Int(bond[index])][lane])
                            if passed > place { return sorted[index] }
                        }
                        return sorted[count - 1]
                    }
                    let first = value(at: lower)
                    let share = position - lower
                    row.append(
                        share > 0 ? first + share * (value(at: lower + 1) - first) : first)
                }
                row += sums.map { $0[lane] / Double(total) }
                results.append(row)
            }
        }
        return results
    }
}
