import Bonds

/// The ratings that are in force, agency by agency, and what they come to for each bond.
///
/// The middle one of all agencies counts, the lower of two middle ones; a bond's own rating goes
/// before its issuer's.
struct RatingBook: Codable {
    private var ofIssuers: [String: [String: Int]] = [:]
    private var ofBonds: [String: [String: Int]] = [:]
    /// In place of a rating that was withdrawn.
    private static let withdrawn = -1

    mutating func apply(_ row: RatingRow) {
        let notch = row.rating?.notch ?? Self.withdrawn
        if row.cusip.isEmpty {
            ofIssuers[row.issuer, default: [:]][row.agency] = notch
        } else {
            ofBonds[row.cusip, default: [:]][row.agency] = notch
        }
    }

    /// The rating of a bond now, nil where it has none.
    func rating(cusip: String, issuer: String) -> CreditRating? {
        var notches = ofIssuers[issuer] ?? [:]
        if let own = ofBonds[cusip] { notches.merge(own) { _, own in own } }
        let ratings = notches.values.filter { $0 >= 0 }.sorted()
        return ratings.isEmpty ? nil : CreditRating(notch: ratings[ratings.count / 2])
    }
}
