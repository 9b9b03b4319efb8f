import Foundation

extension RemainingCashFlows {
    /// The yields, in percent, between which a price has one.
    public static let yieldRange: ClosedRange<Double> = -5...300

    /// The price without accrued interest at a yield.
    public func cleanPrice(yield: Double) -> Double {
        dirtyPrice(yield: yield) - accruedInterest
    }

    /// The price with accrued interest at a yield: what the buyer pays.
    /// - Precondition: `yield` is above -100 times the frequency, where nothing can be discounted.
    public func dirtyPrice(yield: Double) -> Double {
        let rate = periodicRate(yield)
        if isSimple { return lastPayment / (1 + rate * lastTime) }
        return moments(logRate: log1p(rate)).price
    }

    /// The yield at a clean price; NaN where none lies in ``yieldRange``.
    public func yield(cleanPrice: Double) -> Double {
        var solver = YieldSolver(self)
        return solver.yield(cleanPrice: cleanPrice)
    }

    /// What the price does when the yield moves.
    public func risk(yield: Double) -> BondRisk {
        let rate = periodicRate(yield)
        let price: Double
        let slope: Double
        let curvature: Double
        if isSimple {
            let growth = 1 + rate * lastTime
            price = lastPayment / growth
            slope = -price * lastTime / growth
            curvature = -2 * slope * lastTime / growth
        } else {
            let moments = moments(logRate: log1p(rate))
            price = moments.price
            slope = -moments.first / (1 + rate)
            curvature = (moments.second + moments.first) / ((1 + rate) * (1 + rate))
        }
        let periods = Double(frequency)
        return BondRisk(
            dv01: -slope / periods / 10_000, modifiedDuration: -slope / periods / price,
            convexity: curvature / (periods * periods) / price)
    }

    private func periodicRate(_ yield: Double) -> Double {
        let rate = yield / (100 * Double(frequency))
        precondition(rate > -1, "a yield of \(yield) % cannot be compounded \(frequency) a year")
        return rate
    }

    /// The value of the payments, and of the payments times their time once and twice.
    struct Moments {
        var price: Double
        var first: Double
        var second: Double
    }

    /// The moments at a rate of `exp(logRate) - 1` a period.
    ///
    /// The sums over regular coupons are doubled: the sum over 2k coupons is that over k, plus the
    /// same again discounted by k periods. That takes as many steps as the count has bits, and
    /// has no division by a rate that may be 0.
    @inline(__always)
    func moments(logRate: Double) -> Moments {
        let toFirst = exp(-firstTime * logRate)
        var (sum, timed, squared) = (0.0, 0.0, 0.0)
        var power = 1.0
        if regularCount > 0 {
            let discount = exp(-logRate)
            (sum, timed, squared, power) = (discount, discount, discount, discount)
            var bit = regularCount.bitWidth - regularCount.leadingZeroBitCount - 2
            var count = 1.0
            while bit >= 0 {
                squared += power * (count * (count * sum + 2 * timed) + squared)
                timed += power * (count * sum + timed)
                sum += power * sum
                power *= power
                count += count
                if regularCount >> bit & 1 == 1 {
                    count += 1
                    power *= discount
                    sum += power
                    timed += count * power
                    squared += count * count * power
                }
                bit -= 1
            }
        }
        let isRegular = lastTime == firstTime + Double(regularCount)
        let last = lastPayment * (isRegular ? toFirst * power : exp(-lastTime * logRate))
        let coupons = toFirst * (firstPayment + regularPayment * sum)
        let timedCoupons = toFirst * regularPayment * timed
        return Moments(
            price: coupons + last,
            first: firstTime * coupons + timedCoupons + lastTime * last,
            second: firstTime * (firstTime * coupons + 2 * timedCoupons)
                + toFirst * regularPayment * squared + lastTime * lastTime * last)
    }
}

/// What a bond's price does when its yield moves.
public struct BondRisk: Sendable, Hashable {
    /// By how much the price, per 100 of par, falls when the yield rises by one basis point and
    /// accrued interest stays: -dP/dy / 100 with y in percent. Positive.
    public let dv01: Double
    /// -dP/dy / P with P the dirty price and y as a fraction, in years.
    public let modifiedDuration: Double
    /// d²P/dy² / P with P the dirty price and y as a fraction, in years squared.
    public let convexity: Double
}

/// Finds the yields of one bond at one settlement date, each from where the last one was found.
///
/// The unknown is the logarithm z of one plus the rate of a period. In it the logarithm of the
/// price falls and is convex, whatever the payments are, and nearly a straight line: a step that
/// follows its slope and curvature makes an error of the third order, and a bracket guards it.
struct YieldSolver {
    private let flows: RemainingCashFlows
    /// A little beyond the range of yields, so that its ends are found.
    private let ends: ClosedRange<Double>
    /// Where the last price was found, its logarithm, and slope and curvature there.
    private var last: (z: Double, logPrice: Double, slope: Double, curvature: Double)?

    init(_ flows: RemainingCashFlows) {
        self.flows = flows
        let frequency = Double(flows.frequency)
        ends = log1p(-0.0501 / frequency)...log1p(3.01 / frequency)
    }

    /// The yield in percent at a clean price; NaN where none lies in the range.
    mutating func yield(cleanPrice: Double) -> Double {
        let price = cleanPrice + flows.accruedInterest
        guard price > 0, price.isFinite, cleanPrice > 0 else { return .nan }
        let frequency = Double(flows.frequency)
        let rate: Double
        if flows.isSimple {
            rate = (flows.lastPayment / price - 1) / flows.lastTime
        } else if flows.regularPayment == 0 {
            rate = expm1(log(flows.lastPayment / price) / flows.lastTime)
        } else {
            rate = exp(logRate(logPrice: log(price))) - 1
        }
        let yield = 100 * frequency * rate
        let range = RemainingCashFlows.yieldRange
        // A price made from a yield at the edge of the range has one.
        return yield >= range.lowerBound - 1e-8 && yield <= range.upperBound + 1e-8 ? yield : .nan
    }

    /// The logarithm of one plus the rate at which the payments are worth a price.
    private mutating func logRate(logPrice target: Double) -> Double {
        var low = ends.lowerBound
        var high = ends.upperBound
        var isLowKnown = false
        var isHighKnown = false
        var z: Double
        if let last {
            z = last.z + Self.step(last.logPrice - target, last.slope, last.curvature)
        } else {
            z = initialGuess(logPrice: target)
        }
        for _ in 0..<100 {
            if !(z > low) { z = isLowKnown ? (low + high) / 2 : low }
            if !(z < high) { z = isHighKnown ? (low + high) / 2 : high }
            let moments = flows.moments(logRate: z)
            let logPrice = log(moments.price)
            let excess = logPrice - target
            let slope = -moments.first / moments.price
            let curvature = moments.second / moments.price - slope * slope
            let step = Self.step(excess, slope, curvature)
            // The error of the step is of the third order in `excess`: far below rounding.
            if abs(excess) < 1e-5 {
                last = (z, logPrice, slope, curvature)
                return z + step
            }
            if excess > 0 {
                if z == high { return .nan }
                (low, isLowKnown) = (z, true)
            } else {
                if z == low { return .nan }
                (high, isHighKnown) = (z, true)
            }
            z += step
        }
        return .nan
    }

    /// From where the logarithm of the price is too high by `excess` to where it is right, by a
    /// parabola where that is near, by the tangent elsewhere.
    @inline(__always)
    private static func step(_ excess: Double, _ slope: Double, _ curvature: Double) -> Double {
        let newton = -excess / slope
        let bend = -0.5 * curvature / slope * newton
        return abs(bend) < 0.3 ? newton * (1 + bend) : newton
    }

    /// The yield that the coupons and the pull to par would give without compounding.
    private func initialGuess(logPrice: Double) -> Double {
        let price = exp(logPrice)
        let pull = (flows.lastPayment - price) / max(flows.lastTime, 1)
        return log1p(max(-0.04, (flows.regularPayment + pull) / ((flows.lastPayment + price) / 2)))
    }
}
