import Quantiles

/// Sums and counts by level, from one pass over the tiles.
struct LevelCounts {
    let rows: Int
    /// Sums of the pinball and of the tiles.
    private(set) var loss: [Double]
    private(set) var sum: [Double]
    /// Labels at or below the tile, and of them those that equal it.
    private(set) var atOrBelow: [Int]
    private(set) var ties: [Int]

    init(_ levels: QuantileLevels, tiles: [Double], label: [Double], rows: [Int32]) {
        let width = levels.count
        self.rows = rows.count
        loss = [Double](repeating: 0, count: width)
        sum = loss
        atOrBelow = [Int](repeating: 0, count: width)
        ties = atOrBelow
        loss.withUnsafeMutableBufferPointer { loss in
            sum.withUnsafeMutableBufferPointer { sum in
                atOrBelow.withUnsafeMutableBufferPointer { atOrBelow in
                    ties.withUnsafeMutableBufferPointer { ties in
                        Self.add(
                            levels, tiles, label, rows, loss: loss, sum: sum,
                            atOrBelow: atOrBelow, ties: ties)
                    }
                }
            }
        }
    }

    private static func add(
        _ levels: QuantileLevels, _ tiles: [Double], _ label: [Double], _ rows: [Int32],
        loss: UnsafeMutableBufferPointer<Double>, sum: UnsafeMutableBufferPointer<Double>,
        atOrBelow: UnsafeMutableBufferPointer<Int>, ties: UnsafeMutableBufferPointer<Int>
    ) {
        let width = levels.count
        levels.values.withUnsafeBufferPointer { levels in
            tiles.withUnsafeBufferPointer { tiles in
                label.withUnsafeBufferPointer { label in
                    for row in rows {
                        let start = Int(row) * width
                        let observed = label[Int(row)]
                        for level in 0..<width {
                            let tile = tiles[start + level]
                            loss[level] += Quantiles.pinball(
                                label: observed, forecast: tile, level: levels[level])
                            sum[level] += tile
                            atOrBelow[level] += observed <= tile ? 1 : 0
                            ties[level] += observed == tile ? 1 : 0
                        }
                    }
                }
            }
        }
    }

    func calibration(_ levels: QuantileLevels) -> [CalibrationPoint] {
        levels.values.indices.map { level in
            let share = Double(atOrBelow[level]) / Double(rows)
            let interval = wilsonInterval(share: share, count: rows)
            return CalibrationPoint(
                level: levels.values[level], share: share, ties: ties[level],
                lower: interval.lowerBound, upper: interval.upperBound)
        }
    }
}

/// Where the label of each row lies among its tiles, and whether they cross: found once, and used
/// by every cohort.
struct TileOrder: Sendable {
    /// How many tiles lie below the label, and how many at or below it.
    let below: [Int32]
    let atOrBelow: [Int32]
    /// How many neighbouring tiles are out of order.
    let crossings: [Int32]

    init(_ levels: QuantileLevels, tiles: [Double], label: [Double]) {
        let width = levels.count
        var below = [Int32](repeating: 0, count: label.count)
        var atOrBelow = below
        var crossings = below
        tiles.withUnsafeBufferPointer { tiles in
            for row in label.indices {
                let observed = label[row]
                let range = row * width..<(row + 1) * width
                var lower: Int32 = 0
                var upTo: Int32 = 0
                var crossed: Int32 = 0
                for place in range {
                    lower += tiles[place] < observed ? 1 : 0
                    upTo += tiles[place] <= observed ? 1 : 0
                }
                for place in range.dropFirst() {
                    crossed += tiles[place] < tiles[place - 1] ? 1 : 0
                }
                below[row] = lower
                atOrBelow[row] = upTo
                crossings[row] = crossed
            }
        }
        self.below = below
        self.atOrBelow = atOrBelow
        self.crossings = crossings
    }

    /// Shares of the labels of some rows between neighbouring tiles; a label that equals a tile
    /// counts half on either side.
    func sharesBetween(_ rows: [Int32], levelCount: Int) -> [Double] {
        var halves = [Int](repeating: 0, count: levelCount + 1)
        for row in rows {
            halves[Int(below[Int(row)])] += 1
            halves[Int(atOrBelow[Int(row)])] += 1
        }
        return halves.map { Double($0) / Double(2 * rows.count) }
    }
}
