import Bonds
import Foundation
import Random

/// The trading day: from 08:00 to 18:00 Eastern, on a grid of 121 steps.
///
/// Step 0 is the night that ends at 08:00; steps 1 to 120 are five minutes each. Whatever moves has
/// 30 % of a day's variance over night and 70 % by day, more of it in the morning and at the close.
enum MarketClock {
    static let steps = 121
    static let secondsPerStep = 300.0
    static let openingHour = 8.0
    /// Seconds from the opening to the close.
    static let length = 36_000.0
    /// Until when a day's reports are told on that day, in seconds after the opening: TRACE's hours
    /// end half an hour after the last trade.
    static let lastReport = 37_800.0

    /// The share of a day that passes in a step: the clock of all decay.
    static let weights: [Double] = (0..<steps).map { $0 == 0 ? 0.30 : 0.70 / 120 }

    /// The square root of the share of a day's variance that falls on a step.
    static let deviations: [Double] = {
        let shapes = (1..<steps).map { step -> Double in
            let hour = openingHour + Double(step - 1) / 12
            return 1 + 0.6 * exp(-(hour - 9.5) * (hour - 9.5))
                + 0.3 * exp(-(hour - 15.5) * (hour - 15.5))
        }
        let mean = shapes.reduce(0, +) / Double(shapes.count)
        return zip(weights, [mean] + shapes).map { ($0 * $1 / mean).squareRoot() }
    }()

    /// What a decay of a half-life in days leaves after each step.
    static func decays(halfLife days: Double) -> [Double] {
        weights.map { exp2(-$0 / days) }
    }

    /// What a decay of a half-life in trading hours leaves after a step of five minutes and after a
    /// night that counts as some hours.
    static func hourlyDecay(halfLife hours: Double, night: Double) -> (night: Double, step: Double)
    {
        (exp2(-night / hours), exp2(-1 / 12 / hours))
    }

    /// The business days of a market, and the next one after them.
    static func dates(from start: CalendarDate, count: Int) -> (days: [CalendarDate], CalendarDate)
    {
        var date = BondMarketCalendar.adding(businessDays: 0, to: start)
        var days: [CalendarDate] = []
        for _ in 0..<count {
            days.append(date)
            date = BondMarketCalendar.adding(businessDays: 1, to: date)
        }
        return (days, date)
    }

    /// UTC epoch nanoseconds of the opening.
    static func opening(_ date: CalendarDate) -> Int64 {
        EasternTime.nanoseconds(date, timeOfDay: Int64(openingHour * 3600) * second)
    }

    static let second: Int64 = 1_000_000_000

    // MARK: When trades arrive

    /// Hours Eastern and the intensity of trading then: a U, linear between its knots.
    private static let intensity: [(hour: Double, level: Double)] = [
        (8, 0.25), (9, 0.8), (9.75, 1.35), (11, 1.15), (12.5, 0.8), (14, 0.95), (15.5, 1.25),
        (16.25, 1.1), (17, 0.35), (18, 0.15),
    ]

    /// Seconds after the opening by which a share of the day's trades have come.
    static func arrival(share: Double) -> Double {
        var rest = share * total
        for (first, last) in zip(intensity, intensity.dropFirst()) {
            let width = last.hour - first.hour
            let area = width * (first.level + last.level) / 2
            guard rest > area else {
                // The root of a quadratic, in a form that holds for a flat piece too.
                let slope = (last.level - first.level) / width
                let root = (first.level * first.level + 2 * slope * rest).squareRoot()
                let hours = 2 * rest / (first.level + root)
                return (first.hour - openingHour + hours) * 3600
            }
            rest -= area
        }
        return length
    }

    private static let total = zip(intensity, intensity.dropFirst()).reduce(0) {
        $0 + ($1.1.hour - $1.0.hour) * ($1.0.level + $1.1.level) / 2
    }
}

/// What is drawn: the last word of a random number's counter. The numbers are part of what fixes a
/// market's bytes.
enum DrawKind: UInt32 {
    case market = 1, issuerStatic, bondStatic, issuerDay, bondPath, bondArrivals, tradeMarks
    case equity, issuerEvents, quotes, injectedErrors, baskets, splitPieces
}

extension MarketSettings {
    /// The random numbers of an entity on a day; those that hold for ever where that is nil.
    func draws(
        _ kind: DrawKind, entity: Int, day: Int? = nil, block: Int = 0
    ) -> CounterStream {
        CounterStream(
            seed: seed, kind: kind.rawValue, entity: entity,
            period: day.map { UInt32(truncatingIfNeeded: $0) } ?? .max, block: block)
    }
}
