import Quantiles

/// Confidence bands of a calibration curve where rows of one day hang together: whole days are
/// drawn with replacement.
public struct CalibrationBands: Sendable {
    public let days: Int
    /// 2.5 % and 97.5 % quantiles of the share of labels at or below each level's tile.
    public let lower: [Double]
    public let upper: [Double]

    /// Days below this number say nothing about how days differ.
    static let minimumDays = 10
    static let draws = 1_000

    /// - Returns: nil where there are too few days.
    init?(_ sample: Sample, _ rows: [Int32], day: [Int32], resampling: Resampling) {
        var places: [Int32: Int] = [:]
        let width = sample.levels.count
        // Of each day: labels at or below each tile, then the number of rows.
        var counts: [[Double]] = []
        for row in rows {
            let index = Int(row)
            let place = places[day[index]] ?? counts.count
            if place == counts.count {
                places[day[index]] = place
                counts.append([Double](repeating: 0, count: width + 1))
            }
            for level in 0..<width
            where sample.label[index] <= sample.tiles[index * width + level] {
                counts[place][level] += 1
            }
            counts[place][width] += 1
        }
        guard counts.count >= Self.minimumDays else { return nil }
        days = counts.count
        var shares = [[Double]](repeating: [], count: width)
        for draw in 0..<resampling.draws(.calibrationDays, wanted: Self.draws) {
            var sum = [Double](repeating: 0, count: width + 1)
            resampling.forEachPick(.calibrationDays, draw: draw, of: counts.count) { day in
                for index in 0...width { sum[index] += counts[day][index] }
            }
            // A draw picks as many days as there are, so it has rows.
            for level in 0..<width { shares[level].append(sum[level] / sum[width]) }
        }
        let sorted = shares.map { $0.sorted() }
        lower = sorted.map { sampleQuantile(ofSorted: $0, at: 0.025) }
        upper = sorted.map { sampleQuantile(ofSorted: $0, at: 0.975) }
    }
}
