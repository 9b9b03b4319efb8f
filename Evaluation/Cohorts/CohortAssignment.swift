import Bonds

/// Puts trades into the cohorts of a dimension.
struct CohortAssignment {
    let trades: TradeColumns
    /// The prices of the trades.
    let label: [Double]
    let facts: RowFacts
    let market: MarketReference?
    let rules: EvaluationProtocol

    /// The protocol's dimensions but credit, that all rows are split by.
    var splits: [CohortCodes] {
        rules.cohorts.filter { $0 != .credit }.compactMap(codes)
    }

    /// Investment grade and high yield; nil without a market.
    var grades: CohortCodes? { codes(.credit) }

    /// Nil where the table and the market lack what the dimension needs.
    func codes(_ dimension: CohortDimension) -> CohortCodes? {
        switch dimension {
        case .credit: market == nil ? nil : facts.grades
        case .hour: byNumber(dimension, facts.hour.map { Int($0) }) { String($0) }
        case .week:
            byNumber(dimension, facts.day.map { Self.monday(Int($0)) }) {
                CalendarDate(dayNumber: $0).description
            }
        case .volume: byVolume
        case .size: bySize
        case .side:
            trades.side.map { sides in
                CohortCodes(
                    dimension: dimension, names: TradeSide.allCases.map(\.name),
                    codes: sides.map { Int16($0.rawValue) })
            }
        case .ats:
            trades.isATS.map { flags in
                CohortCodes(
                    dimension: dimension, names: ["ATS", "not ATS"],
                    codes: flags.map { $0 ? 0 : 1 })
            }
        case .rating: byRating
        case .sector: bySector
        case .maturity:
            yearsToMaturity.map {
                byBounds(
                    dimension, $0, [1, 3, 5, 7, 10, 20],
                    [
                        "up to 1 year", "1 to 3 years", "3 to 5 years", "5 to 7 years",
                        "7 to 10 years", "10 to 20 years", "20 years and more",
                    ])
            }
        case .health:
            spreads.map {
                byBounds(dimension, $0, [rules.distressedSpread], ["healthy", "distressed"])
            }
        case .amount:
            ofBonds { $0.offeringAmount }.map {
                byBounds(
                    dimension, $0, [500e6, 1e9, 2e9],
                    [
                        "< $500 million", "$500 million to 1 billion", "$1 to 2 billion",
                        "> $2 billion",
                    ])
            }
        case .age:
            yearsSinceIssuance.map {
                byBounds(
                    dimension, $0, [1, 3, 5],
                    ["0 to 1 year", "1 to 3 years", "3 to 5 years", "5 years and more"])
            }
        case .quoteAge:
            trades.quoteAge.map {
                byBounds(
                    dimension, $0, [60, 300, 1_800, 14_400],
                    [
                        "under 1 minute", "1 to 5 minutes", "5 to 30 minutes",
                        "30 minutes to 4 hours", "4 hours and more",
                    ])
            }
        }
    }

    // MARK: What cohorts are cut from

    /// The week's Monday of a day: 1970-01-05 was one.
    private static func monday(_ day: Int) -> Int { day - ((day - 4) % 7 + 7) % 7 }

    private var count: Int { trades.time.count }

    /// A number of each row's bond; NaN where the market does not list it.
    private func ofBonds(_ number: (BondRow) -> Double) -> [Double]? {
        guard let market else { return nil }
        let numbers = market.bonds.rows.map(number)
        return facts.bondRow.map { $0 < 0 ? .nan : numbers[Int($0)] }
    }

    private var yearsToMaturity: [Double]? {
        if let market {
            let days = market.bonds.rows.map { $0.terms.maturity.dayNumber }
            return (0..<count).map { row in
                let bond = Int(facts.bondRow[row])
                return bond < 0 ? .nan : Double(days[bond] - facts.day[row]) / 365.25
            }
        }
        return trades.maturity.map { dates in
            (0..<count).map { row in
                dates[row].map { Double($0.dayNumber - facts.day[row]) / 365.25 } ?? .nan
            }
        }
    }

    private var yearsSinceIssuance: [Double]? {
        guard let market else { return nil }
        let days = market.bonds.rows.map { $0.terms.datedDate?.dayNumber }
        return (0..<count).map { row in
            let bond = Int(facts.bondRow[row])
            guard bond >= 0, let dated = days[bond] else { return .nan }
            return max(0, Double(facts.day[row] - dated) / 365.25)
        }
    }

    /// The trade's own spread: the table's, else by its price where the market has Treasuries.
    private var spreads: [Double]? {
        if let spread = trades.spread { return spread }
        guard let market, market.treasuries != nil else { return nil }
        return Repricing(trades: trades, facts: facts, market: market).spreads(of: label)
    }

    // MARK: Kinds of cohorts

    private func byBounds(
        _ dimension: CohortDimension, _ values: [Double], _ bounds: [Double], _ names: [String]
    ) -> CohortCodes {
        precondition(names.count == bounds.count + 1, "\(dimension): bounds and names do not fit")
        return CohortCodes(
            dimension: dimension, names: names,
            codes: values.map { value in
                value.isNaN ? -1 : Int16(bounds.count { $0 <= value })
            })
    }

    /// A cohort for every number that comes, in ascending order.
    private func byNumber(
        _ dimension: CohortDimension, _ values: [Int], name: (Int) -> String
    ) -> CohortCodes {
        let order = Set(values).sorted()
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int16($0)) })
        return CohortCodes(
            dimension: dimension, names: order.map(name), codes: values.map { places[$0] ?? -1 })
    }

    private var bySize: CohortCodes? {
        guard let quantity = trades.quantity else { return nil }
        let bounds = rules.sizeBounds
        guard let first = bounds.first, let last = bounds.last else { return nil }
        let names =
            ["< " + dollars(first)]
            + zip(bounds, bounds.dropFirst()).map { dollars($0) + " to " + dollars($1) }
            + [dollars(last) + " and more"]
        return byBounds(.size, quantity, bounds, names)
    }

    private func dollars(_ amount: Double) -> String {
        amount >= 1e6 ? "$\(shortNumber(amount / 1e6)) million" : "$\(grouped(Int(amount)))"
    }

    private var byRating: CohortCodes? {
        guard market != nil else { return nil }
        let letters = ["AAA", "AA", "A", "BBB", "BB", "B", "CCC and below"]
        let last: [Int8] = [0, 3, 6, 9, 12, 15]
        return CohortCodes(
            dimension: .rating, names: letters + ["not rated"],
            codes: facts.notch.map { notch in
                notch < 0 ? Int16(letters.count) : Int16(last.count { $0 < notch })
            })
    }

    private var bySector: CohortCodes? {
        guard let market else { return nil }
        let sectors = market.bonds.rows.map { $0.sector.isEmpty ? "unknown" : $0.sector }
        let names = Set(sectors).sorted()
        guard names.count <= Int(Int16.max) else { return nil }
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int16($0)) })
        let ofBond = sectors.map { places[$0] ?? -1 }
        return CohortCodes(
            dimension: .sector, names: names,
            codes: facts.bondRow.map { $0 < 0 ? -1 : ofBond[Int($0)] })
    }

    /// Fifths of the bonds, by the dollars of par traded in the table.
    private var byVolume: CohortCodes? {
        guard let quantity = trades.quantity else { return nil }
        var volume = [Double](repeating: 0, count: trades.bonds.count)
        for row in 0..<count where !quantity[row].isNaN {
            volume[Int(trades.bond[row])] += quantity[row]
        }
        let traded = volume.indices.filter { volume[$0] > 0 }
            .sorted { (volume[$0], $0) < (volume[$1], $1) }
        var fifth = [Int16](repeating: -1, count: volume.count)
        for (place, bond) in traded.enumerated() { fifth[bond] = Int16(place * 5 / traded.count) }
        return CohortCodes(
            dimension: .volume,
            names: ["1st fifth, least", "2nd fifth", "3rd fifth", "4th fifth", "5th fifth, most"],
            codes: trades.bond.map { fifth[Int($0)] })
    }
}
