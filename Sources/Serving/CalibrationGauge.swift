import Quantiles

/// How far the quotes of a server have drifted from what trades: over the last prints, the mean
/// distance between the share of prices at or below each tile and the tile's level.
package struct CalibrationGauge: Sendable {
    /// Prints that count.
    package static let window = 2_000
    private let levels: [Double]
    /// Of each print how many tiles are below its price; the oldest is replaced.
    private var ranks: [Int] = []
    private var next = 0
    /// Prints by their rank.
    private var counts: [Int]

    package init(_ levels: QuantileLevels = .standard) {
        self.levels = levels.values
        counts = Array(repeating: 0, count: levels.count + 1)
    }

    package var printCount: Int { ranks.count }

    /// Takes in a print and the tiles of price that it was forecast by.
    package mutating func add(price: Double, tiles: [Double]) {
        let rank = tiles.count { $0 < price }
        guard rank < counts.count else { return }
        counts[rank] += 1
        if ranks.count < Self.window {
            ranks.append(rank)
        } else {
            counts[ranks[next]] -= 1
            ranks[next] = rank
            next = (next + 1) % Self.window
        }
    }

    /// From 0, perfect, to about one half; nil before the first print.
    package var drift: Double? {
        guard !ranks.isEmpty else { return nil }
        var atOrBelow = 0
        var sum = 0.0
        for (index, level) in levels.enumerated() {
            atOrBelow += counts[index]
            sum += abs(Double(atOrBelow) / Double(ranks.count) - level)
        }
        return sum / Double(levels.count)
    }
}
