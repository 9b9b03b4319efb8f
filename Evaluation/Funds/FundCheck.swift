import Quantiles

/// What a bond fund is worth by the forecasts of the bonds that it holds, against the price at
/// which its shares trade.
///
/// Source: Trumid Labs, Fair Value Model Price (2017), section 6.
public struct FundCheck: Sendable, Encodable {
    /// The fund's symbol.
    public let fund: String
    /// Basket less price in dollars a share, at the last price of each day.
    public let endOfDay: ErrorSummary
    /// The published net asset value less that price.
    public let netAssetValue: ErrorSummary
    /// Basket less price at the first price of every five minutes while the exchange is open.
    public let intraday: ErrorSummary
    /// Mean share of the fund's par whose bonds had a forecast by then.
    public let coverage: Double?
    /// Mean age of the forecasts by then in seconds, weighted by par: forecasts of trades grow old
    /// between trades.
    public let age: Double?

    /// Some errors in dollars a share.
    public struct ErrorSummary: Sendable, Encodable {
        public let count: Int
        /// Nil where there are none.
        public let mean: Double?
        /// The 95 % quantile of their absolute values, type 7.
        public let high: Double?

        enum CodingKeys: String, CodingKey {
            case count, mean
            case high = "absolute_95"
        }

        init(_ errors: [Double]) {
            count = errors.count
            mean = errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
            high =
                errors.isEmpty
                ? nil : sampleQuantile(ofSorted: errors.map(\.magnitude).sorted(), at: 0.95)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .count)
            try container.encode(mean, forKey: .mean)
            try container.encode(high, forKey: .high)
        }
    }

    enum CodingKeys: String, CodingKey {
        case fund, intraday, coverage
        case age = "age_seconds"
        case endOfDay = "end_of_day"
        case netAssetValue = "net_asset_value"
    }
}
