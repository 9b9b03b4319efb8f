import Tape

/// What a network is told of the actual or hypothetical trade: side, quantity and venue, nothing
/// else.
public enum ConditionFeatures {
    /// Where size has a weight of its own: decimal logarithms of millions.
    static let knots = [-3, -2.5, -2, -1.5, -1, -0.6, -0.3, 0, 0.3, 0.6, 1]

    /// Writes the ``FeatureLayout/conditionWidth`` features of a trade.
    /// - Parameter quantity: dollars of par.
    public static func write(
        side: Trade.Side, quantity: Double, isATS: Bool, into row: UnsafeMutablePointer<Float>
    ) {
        let size = Float(min(max(tenLogarithm(max(quantity, 1) / 1e6), -4), 2))
        let sign = Float(side.sign)
        let ats: Float = isATS ? 1 : 0
        let isDealer: Float = side == .dealer ? 1 : 0
        row[0] = side == .offer ? 1 : 0
        row[1] = side == .bid ? 1 : 0
        row[2] = isDealer
        row[3] = sign
        row[4] = size
        row[5] = ats
        row[6] = sign * max(0, -size)
        row[7] = sign * max(0, size)
        row[8] = sign * ats
        row[9] = isDealer * ats
        for (index, knot) in knots.enumerated() {
            let weight = max(0, 1 - abs(size - Float(knot)) / 0.5)
            row[10 + index] = weight
            row[10 + knots.count + index] = weight * sign
        }
    }
}
