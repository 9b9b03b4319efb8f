import Foundation
import Random

/// A change of an issuer's rating.
struct RatingChange: Sendable {
    let issuer: Int
    /// The day from which it holds.
    let day: Int
    let from: Int
    let to: Int

    /// Bonds anticipate most of a change over the days before it; the rest comes with it.
    static let anticipation = 20
    private static let anticipatedShare = 0.7

    /// What the change adds to the issuer's log spread, some share of a day after a day's start.
    func shift(day now: Int, share: Double) -> Double {
        let elapsed = (Double(now - day + Self.anticipation) + share) / Double(Self.anticipation)
        guard elapsed > 0 else { return 0 }
        let whole = CreditModel.logSpreads[to] - CreditModel.logSpreads[from]
        let anticipated = Self.anticipatedShare * min(elapsed, 1)
        return whole * (anticipated + (now >= day ? 1 - Self.anticipatedShare : 0))
    }
}

/// What happens to issuers month by month: ratings change, bonds are issued.
///
/// A month is 21 business days counted from the market's first, so that no event depends on how long
/// the market is.
struct IssuerEvents: Sendable {
    /// By issuer, in the order of days; those soon after the market's end are among them, since bonds
    /// anticipate them.
    private(set) var ratingChanges: [[RatingChange]]
    /// In the order of days.
    private(set) var newIssues: [(day: Int, issuer: Int)] = []

    private static let daysPerMonth = 21

    init(issuers: [Issuer], settings: MarketSettings) {
        ratingChanges = issuers.map { _ in [] }
        let horizon = settings.days + RatingChange.anticipation
        for month in 0...(horizon / Self.daysPerMonth) {
            for issuer in issuers {
                draw(issuer, month: month, settings: settings)
            }
        }
        newIssues.removeAll { $0.day >= settings.days || $0.day == 0 }
        newIssues.sort { ($0.day, $0.issuer) < ($1.day, $1.issuer) }
    }

    /// The rating of an issuer on a day.
    func notch(_ issuer: Issuer, day: Int) -> Int {
        ratingChanges[issuer.number].last { $0.day <= day }?.to ?? issuer.notch
    }

    private mutating func draw(_ issuer: Issuer, month: Int, settings: MarketSettings) {
        var draws = settings.draws(.issuerEvents, entity: issuer.number, day: month)
        let (event, size, when) = (draws.uniform(), draws.uniform(), draws.uniform())
        func day(_ uniform: Double) -> Int {
            month * Self.daysPerMonth + Int(uniform * Double(Self.daysPerMonth))
        }
        if settings.ratingMigrations {
            let notch = ratingChanges[issuer.number].last?.to ?? issuer.notch
            let up = 0.005
            let down = CreditModel.isInvestmentGrade(notch) ? 0.008 : 0.012
            if event < up + down, day(when) > 0 {
                let notches = size < 0.8 ? 1 : 2
                let wanted = notch + (event < up ? -notches : notches)
                let next = min(max(wanted, 0), CreditModel.lowestNotch)
                if next != notch {
                    ratingChanges[issuer.number].append(
                        RatingChange(issuer: issuer.number, day: day(when), from: notch, to: next))
                }
            }
        }
        if settings.newIssues {
            var draws = draws.at(block: 8)
            for _ in 0..<draws.poisson(mean: 0.045 * Double(issuer.bondCount) / 7) {
                newIssues.append((day(draws.uniform()), issuer.number))
            }
        }
    }
}
