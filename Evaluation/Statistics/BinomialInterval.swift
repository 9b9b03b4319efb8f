/// The 97.5 % point of the standard normal distribution.
private let normalPoint = 1.959_963_984_540_054

/// Wilson's 95 % score interval for the probability behind an observed share.
///
/// It excludes a nominal level exactly where the score test rejects that level at 5 %, and never
/// leaves [0, 1].
/// Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22
/// (1927).
/// - Parameters:
///   - share: the observed share, in [0, 1].
///   - count: the number of trials, at least one.
public func wilsonInterval(share: Double, count: Int) -> ClosedRange<Double> {
    precondition(count > 0, "wilsonInterval: no trials")
    let trials = Double(count)
    let squared = normalPoint * normalPoint
    let center = (share + squared / (2 * trials)) / (1 + squared / trials)
    let variance = share * (1 - share) / trials + squared / (4 * trials * trials)
    let half = normalPoint * variance.squareRoot() / (1 + squared / trials)
    return max(0, center - half)...min(1, center + half)
}
