/// What no trade of a corporate bond leaves: whatever lies beyond is a slip of whoever typed or sent it.
public enum TradeBounds {
    /// Clean, per 100 of par; the lower bound is excluded.
    public static let prices = 0.0...1_000
    /// Dollars of par, from a cent to 100 billion: several times the largest issue there is.
    public static let quantities = 0.01...100_000_000_000
    /// TRACE's own yield in percent. Down to the worst call a premium may be lost within days; beyond
    /// 300 nothing is priced (`RemainingCashFlows.yieldRange`).
    public static let yields = -100.0...300
    /// A trade's largest part of its bond's offering.
    public static let offeringShare = 1.0
}
