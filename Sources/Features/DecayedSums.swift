/// Sums over the prints of many groups in which what is older weighs less, at six half-lives.
///
/// A group is brought up to date when a print comes; whoever reads it applies the decay since then.
/// Taking a print out subtracts what it had added.
final class DecayedSums: @unchecked Sendable {
    /// Trading days.
    static let halfLives = [1.0 / 60, 0.1, 0.4, 1, 5, 20]
    static let halfLifeNames = ["10m", "1h", "4h", "1d", "5d", "20d"]
    /// Weighted innovations, weights, signed flow, prints, absolute innovations, prints on an ATS.
    static let statistics = 6
    /// The first of the four sums at five days: residuals and prints of offers, then of bids.
    static let quotes = 36
    static let width = 40
    /// The index of five days among the half-lives.
    static let quoteHalfLife = 4

    let sums: Memory<Float>
    /// Trading days of the last print of each group.
    let days: Memory<Double>

    init(groups: Int) {
        sums = Memory(groups * Self.width)
        days = Memory(groups)
    }

    /// Adds a print's part to the first six groups, or takes it out with a sign of -1.
    func add(_ print: Print, days: Double, to groups: SIMD8<Int32>, sign: Float) {
        let weight = sign * print.weight
        // The square root of millions, at most ten of them, against the side of the client.
        let flow =
            -sign * Float(print.side)
            * Float(twoTo(Double(min(print.size, 1)) * 1.660964047443681))
        let offers: Float = print.side > 0 ? sign : 0
        let bids: Float = print.side < 0 ? sign : 0
        let part = Part(
            weights: SIMD8(
                weight, weight, flow, sign, sign * abs(print.innovation),
                print.isATS ? sign : 0, 0, 0),
            values: SIMD8(print.innovation, 1, 1, 1, 1, 1, 0, 0),
            quotes: SIMD4(offers * print.rawResidual, offers, bids * print.rawResidual, bids))
        for group in 0..<6 { add(part, days: days, to: Int(groups[group])) }
    }

    /// What a print adds: values by their weights, and to the quotes.
    private struct Part {
        let weights: SIMD8<Float>
        let values: SIMD8<Float>
        let quotes: SIMD4<Float>
    }

    private func add(_ part: Part, days: Double, to group: Int) {
        let sums = sums.base + group * Self.width
        let last = self.days[group]
        let passed = last > 0 ? days - last : 0
        if passed >= 0 { self.days[group] = days }
        for index in 0..<6 {
            let decay = Float(twoTo(-abs(passed) / halfLife(index)))
            // What came late has decayed already; otherwise what was there has.
            let kept: Float = passed >= 0 ? decay : 1
            let added: Float = passed >= 0 ? 1 : decay
            let here = sums + index * Self.statistics
            for sum in 0..<Self.statistics {
                here[sum] = here[sum] * kept + added * part.weights[sum] * part.values[sum]
            }
            guard index == Self.quoteHalfLife else { continue }
            let quotes = sums + Self.quotes
            for sum in 0..<4 { quotes[sum] = quotes[sum] * kept + added * part.quotes[sum] }
        }
    }

    /// What is left at a time of a group's sums at a half-life.
    @inline(__always)
    func decay(_ group: Int, at days: Double, _ index: Int) -> Float {
        let passed = days - self.days[group]
        return passed > 0 ? Float(twoTo(-passed / halfLife(index))) : 1
    }
}

/// Trading days; a switch, since an array of a type would be looked up with a lock.
@inline(__always)
func halfLife(_ index: Int) -> Double {
    switch index {
    case 0: 1.0 / 60
    case 1: 0.1
    case 2: 0.4
    case 3: 1
    case 4: 5
    default: 20
    }
}
