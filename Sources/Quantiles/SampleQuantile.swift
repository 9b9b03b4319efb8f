/// The quantile of a sample by linear interpolation between order statistics.
///
/// Source: Hyndman and Fan, Sample Quantiles in Statistical Packages, The American Statistician
/// 50 (1996), definition 7, which NumPy and R use by default.
/// - Parameters:
///   - sorted: the sample, ascending and not empty.
///   - probability: in [0, 1].
public func sampleQuantile(ofSorted sorted: [Double], at probability: Double) -> Double {
    precondition(!sorted.isEmpty, "sampleQuantile: the sample is empty")
    precondition((0...1).contains(probability), "sampleQuantile: \(probability) is not in [0, 1]")
    let position = probability * Double(sorted.count - 1)
    let lower = Int(position.rounded(.down))
    let fraction = position - Double(lower)
    guard fraction > 0 else { return sorted[lower] }
    return sorted[lower] + fraction * (sorted[lower + 1] - sorted[lower])
}
