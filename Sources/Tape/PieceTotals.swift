/// The pieces of one trade, added up: what AXOR's rule makes of equal bond, time, side and ATS.
public struct PieceTotals: Sendable {
    /// Dollars of par.
    public private(set) var quantity = 0.0
    private var prices = WeightedMean()
    private var yields = WeightedMean()

    public init() {}

    /// Adds a piece; its yield may be NaN.
    public mutating func add(quantity: Double, price: Double, yield: Double) {
        self.quantity += quantity
        prices.add(price, weight: quantity)
        if !yield.isNaN { yields.add(yield, weight: quantity) }
    }

    /// The price, weighted by quantity, per 100 of par.
    public var price: Double { prices.value }
    /// The yield, weighted by quantity, in percent; NaN where no piece has one.
    public var yield: Double { yields.value }
}

/// A mean that is exact where all values are the same.
private struct WeightedMean {
    private var weight = 0.0
    private var sum = 0.0
    private var first = Double.nan
    private var isOneValue = true

    mutating func add(_ value: Double, weight: Double) {
        if self.weight == 0 { first = value } else if value != first { isOneValue = false }
        self.weight += weight
        sum += weight * value
    }

    /// Rounded where it was divided, because the division's last digits are noise.
    var value: Double { isOneValue ? first : (sum / weight * 1e9).rounded() / 1e9 }
}
