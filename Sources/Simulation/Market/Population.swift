import Bonds
import Foundation

/// The issuers and bonds of a market, and what will happen to them.
struct Population: Sendable {
    let issuers: [Issuer]
    /// Those of the first day, issuer by issuer; then the new issues in the order of their days.
    let bonds: [SimulatedBond]
    /// The numbers of each issuer's bonds, ascending.
    let bondsOfIssuer: [[Int]]
    let events: IssuerEvents

    init(_ settings: MarketSettings, dates: [CalendarDate]) throws(SimulationError) {
        var issuers: [Issuer] = []
        var counts: [Int] = []
        var total = 0
        while total < settings.bonds {
            let issuer = Issuer(number: issuers.count, settings: settings)
            counts.append(min(issuer.bondCount, settings.bonds - total))
            total += counts[counts.count - 1]
            issuers.append(issuer)
        }
        self.issuers = issuers
        events = IssuerEvents(issuers: issuers, settings: settings)
        do {
            var bonds: [SimulatedBond] = []
            for issuer in issuers {
                for _ in 0..<counts[issuer.number] {
                    bonds.append(
                        try SimulatedBond(
                            number: bonds.count, issuer: issuer, notch: issuer.notch,
                            start: dates[0], issue: nil, settings: settings))
                }
            }
            for (day, number) in events.newIssues {
                let issuer = issuers[number]
                bonds.append(
                    try SimulatedBond(
                        number: bonds.count, issuer: issuer,
                        notch: events.notch(issuer, day: day), start: dates[0],
                        issue: (day, dates[day]), settings: settings))
            }
            self.bonds = bonds
        } catch {
            throw SimulationError("a bond cannot be made: \(error)")
        }
        var ofIssuer = [[Int]](repeating: [], count: issuers.count)
        for bond in bonds { ofIssuer[bond.issuer].append(bond.number) }
        bondsOfIssuer = ofIssuer
    }

    // MARK: As reference tables

    /// The rows of `bonds.csv`.
    var bondRows: [BondRow] {
        var issues = [Int](repeating: 0, count: issuers.count)
        return bonds.map { bond in
            let issuer = issuers[bond.issuer]
            let cusip = SyntheticIdentifiers.cusip(
                issuer: bond.issuer, issue: issues[bond.issuer])
            issues[bond.issuer] += 1
            return BondRow(
                cusip: cusip, figi: SyntheticIdentifiers.figi(bond.number),
                isin: Identifiers.isin(cusip: cusip) ?? "", issuer: issuer.name,
                sector: CreditModel.sectors[issuer.sector],
                industry: CreditModel.industries[issuer.sector][issuer.industry],
                terms: bond.terms, offeringAmount: bond.amount, amountOutstanding: bond.amount,
                isCallable: bond.callPrice != nil,
                seniority: bond.isSecured ? "senior secured" : "senior unsecured",
                isRule144A: bond.isRule144A)
        }
    }

    /// The rows of `calls.csv`.
    func callRows(_ rows: [BondRow]) -> [CallRow] {
        bonds.flatMap { bond in
            bond.calls.map {
                CallRow(cusip: rows[bond.number].cusip, date: $0.date, price: $0.price)
            }
        }
    }

    /// The rows of `entities.csv`.
    func entityRows(_ rows: [BondRow]) -> [EntityRow] {
        bonds.map { bond in
            let issuer = issuers[bond.issuer]
            return EntityRow(
                cusip: rows[bond.number].cusip, issuer: issuer.name, parent: issuer.name + " Group",
                ticker: issuer.isListed ? SyntheticIdentifiers.ticker(issuer.number) : "")
        }
    }

    /// The rows of `ratings.csv`, up to the market's end.
    func ratingRows(_ dates: [CalendarDate]) -> [RatingRow] {
        func row(_ issuer: Issuer, _ date: CalendarDate, _ notch: Int) -> RatingRow {
            RatingRow(
                issuer: issuer.name, date: date, agency: "SIM",
                rating: CreditRating(notch: notch))
        }
        let first = issuers.map { row($0, dates[0] + -365, $0.notch) }
        let changes = events.ratingChanges.joined().filter { $0.day < dates.count }
            .sorted { ($0.day, $0.issuer) < ($1.day, $1.issuer) }
        return first + changes.map { row(issuers[$0.issuer], dates[$0.day], $0.to) }
    }
}
