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
    /// Twice the number of labels between neighbouring tiles.
    private(set) var halvesBetween: [Int]
    private(set) var crossings = 0
    /// The rows in which tiles cross.
    private(set) var crossed: [Int32] = []

    init(_ sample: Sample, _ rows: [Int32]) {
        self.init(sample.levels, tiles: sample.tiles, label: sample.label, rows: rows)
    }

    init(_ levels: QuantileLevels, tiles: [Double], label: [Double], rows: [Int32]) {
        let width = levels.count
        self.rows = rows.count
        loss = [Double](repeating: 0, count: width)
        sum = loss
        atOrBelow = [Int](repeating: 0, count: width)
        ties = atOrBelow
        halvesBetween = [Int](repeating: 0, count: width + 1)
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
        countOrder(width, tiles, label, rows)
    }

    /// What each level has of its own; its own loop, so that several levels go at once.
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

    /// Where labels lie among the tiles of their row, and where tiles cross.
    private mutating func countOrder(
        _ width: Int, _ tiles: [Double], _ label: [Double], _ rows: [Int32]
    ) {
        tiles.withUnsafeBufferPointer { tiles in
            label.withUnsafeBufferPointer { label in
                for row in rows {
                    let start = Int(row) * width
                    let observed = label[Int(row)]
                    var below = 0
                    var atOrBelow = 0
                    var crossings = 0
                    for level in start..<start + width {
                        below += tiles[level] < observed ? 1 : 0
                        atOrBelow += tiles[level] <= observed ? 1 : 0
                    }
                    for level in start + 1..<max(start + 1, start + width) {
                        crossings += tiles[level] < tiles[level - 1] ? 1 : 0
                    }
                    halvesBetween[below] += 1
                    halvesBetween[atOrBelow] += 1
                    if crossings > 0 {
                        self.crossings += crossings
                        crossed.append(row)
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
