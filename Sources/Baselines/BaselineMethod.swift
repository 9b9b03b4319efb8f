/// The classical ways of pricing a bond.
public enum BaselineMethod: String, Sendable, CaseIterable, Codable {
    /// The price of the bond's last trade.
    case lastTrade = "last-trade"
    /// The spread of the bond's last trade over today's curve.
    case evaluated
    /// The mean spread of comparable bonds over today's curve.
    case matrix
    /// One fair value a bond from its own trades, related bonds, Treasuries and ETFs.
    case kalman
    /// The true quantiles of a simulated market.
    case oracle
}
