/// What trades are split by.
public enum CohortDimension: String, Sendable, CaseIterable {
    /// Investment grade or high yield, by the rating as of the trade.
    case credit
    /// The hour of the trade by the clock in New York, daylight saving included.
    case hour
    /// Fifths of the bonds by what was traded of them in the table.
    case volume
    /// Dollars of par.
    case size
    case side
    case ats
    /// The letter of the rating.
    case rating
    case sector
    /// Years to maturity.
    case maturity
    /// The week's Monday.
    case week
    /// Distressed or not, by the trade's own spread.
    case health
    /// The amount.
    case amount
    /// Years since issuance.
    case age
    /// How old a quote was when the trade was made that it is judged by.
    case quoteAge = "quote_age"

    /// The title inside a sentence or a table's head: names such as ATS and US/Eastern keep their
    /// capitals.
    var titleInline: String {
        self == .ats ? title : title.prefix(1).lowercased() + title.dropFirst()
    }

    public var title: String {
        switch self {
        case .credit: "Credit quality"
        case .hour: "Trading hour, US/Eastern"
        case .volume: "Bond trading volume"
        case .size: "Trade size"
        case .side: "Side"
        case .ats: "ATS"
        case .rating: "Rating"
        case .sector: "Sector"
        case .maturity: "Time to maturity"
        case .week: "Week from"
        case .health: "Company health"
        case .amount: "Issue amount"
        case .age: "Time since issuance"
        case .quoteAge: "Age of the quote"
        }
    }
}

/// Which cohort of a dimension each row is in.
struct CohortCodes: Sendable {
    let dimension: CohortDimension
    /// In the order in which they are shown.
    let names: [String]
    /// An index into `names`, -1 for rows that are in none.
    let codes: [Int16]
}

/// The rows of a cohort and of which part of the market.
public struct CohortName: Sendable, Hashable {
    /// `IG` or `HY`; nil for all.
    public let grade: String?
    /// Nil for the whole grade.
    public let dimension: CohortDimension?
    public let cohort: String

    /// For readers: `IG, trading hour, US/Eastern: 9`.
    var title: String {
        guard let dimension else { return cohort }
        return (grade.map { $0 + ", " } ?? "") + "\(dimension.titleInline): \(cohort)"
    }

    /// Its key in metrics.json: `IG`, `hour=9`, `IG hour=9`.
    public var key: String {
        guard let dimension else { return cohort }
        return (grade.map { $0 + " " } ?? "") + "\(dimension.rawValue)=\(cohort)"
    }
}
