/// The robust Kalman filter of one bond's log spread over the interpolated Treasury curve.
///
/// The state follows the credit index and gains variance with trading time; a print moves it by the
/// gain times the innovation, which is cut where it is beyond what the filter expects. A small value
/// without memory of its own on the heap: an array of them serves a market.
/// Source: R. E. Kalman, A New Approach to Linear Filtering and Prediction Problems, Journal of
/// Basic Engineering 82 (1960); the cut after Masreliez and Martin, IEEE Transactions on Automatic
/// Control 22 (1977).
public struct FairValueFilter: Sendable, Hashable {
    /// The logarithm of the spread in basis points, as of the last print.
    public private(set) var logSpread = Double.nan
    /// The variance of the log spread, as of the last print.
    public private(set) var variance = Double.nan
    /// When the last print was executed, in trading days (``TradingMoment/days``).
    public private(set) var days = Double.nan
    /// The credit index then.
    public private(set) var creditIndex = Double.nan

    /// A bond that has no print yet.
    public init() {}

    /// Whether the bond has a print.
    public var isSeen: Bool { !days.isNaN }

    /// A log spread that is not known for certain.
    public struct Estimate: Sendable, Hashable {
        /// The logarithm of a spread in basis points.
        public let logSpread: Double
        public let variance: Double
    }

    /// What a print did to the filter.
    public struct Update: Sendable, Hashable {
        /// What was expected before the print.
        public let predicted: Estimate
        /// By how much the side-adjusted print differed from that, cut to what is believed.
        public let innovation: Double
        /// The share of the innovation that the state took over.
        public let gain: Double
        /// The variance that the innovation was expected to have.
        public let innovationVariance: Double
        /// Whether the print was executed before the last one.
        public let isLate: Bool
    }

    /// The state carried to a time that is not before the last print.
    /// - Parameters:
    ///   - days: the time in trading days.
    ///   - creditIndex: the index of the bond's class at that time.
    ///   - prior: the log spread of the bond's cohort, for a bond without a print.
    @inline(__always)
    public func predicted(
        days: Double, creditIndex: Double, isHighYield: Bool, prior: Double,
        _ parameters: FairValueParameters
    ) -> Estimate {
        guard isSeen else {
            return Estimate(logSpread: prior, variance: parameters.priorVariance)
        }
        let rate = parameters.dailyVariance * (isHighYield ? parameters.highYieldShare : 1)
        return Estimate(
            logSpread: logSpread + parameters.creditLoading * (creditIndex - self.creditIndex),
            variance: variance + rate * max(0, days - self.days) + parameters.leastVariance)
    }

    /// Takes in a print.
    ///
    /// A print executed before the last one is carried to the state by the credit index instead, gets
    /// a part of the gain, and leaves the state's time alone.
    /// - Parameters:
    ///   - days: when the print was executed, in trading days.
    ///   - creditIndex: the index of the bond's class at that time.
    ///   - prior: the log spread of the bond's cohort before this print.
    @discardableResult
    public mutating func observe(
        _ observation: LogSpreadObservation, days: Double, creditIndex: Double, isHighYield: Bool,
        prior: Double, _ parameters: FairValueParameters
    ) -> Update {
        let isLate = isSeen && days < self.days
        let expected: Estimate
        var seen = observation.adjusted
        if isLate {
            expected = Estimate(logSpread: logSpread, variance: variance)
            seen += parameters.creditLoading * (self.creditIndex - creditIndex)
        } else {
            expected = predicted(
                days: days, creditIndex: creditIndex, isHighYield: isHighYield, prior: prior,
                parameters)
        }
        let noise = observation.noiseVariance
        let total = expected.variance + noise
        var gain = expected.variance / total
        if isLate { gain *= parameters.lateGain }
        let limit = parameters.largestInnovation * total.squareRoot()
        let innovation = min(max(seen - expected.logSpread, -limit), limit)
        logSpread = expected.logSpread + gain * innovation
        // Joseph's form: right for a gain that is not the optimal one, too.
        variance = (1 - gain) * (1 - gain) * expected.variance + gain * gain * noise
        if !isLate {
            self.days = days
            self.creditIndex = creditIndex
        }
        return Update(
            predicted: expected, innovation: innovation, gain: gain, innovationVariance: total,
            isLate: isLate)
    }
}
