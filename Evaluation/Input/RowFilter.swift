import Files

/// Which trades a protocol counts.
struct RowFilter {
    private let rules: EvaluationProtocol
    /// Whether a table may lack what the protocol filters by, because another one has it.
    private let isLenient: Bool

    /// Why a row does not count.
    enum Reason: String {
        case size, rating, side, ats

        var text: String {
            switch self {
            case .size: "too small"
            case .rating: "without such a rating"
            case .side: "of another side"
            case .ats: "of another venue"
            }
        }
    }

    init(_ rules: EvaluationProtocol, isLenient: Bool) {
        self.rules = rules
        self.isLenient = isLenient
    }

    private var hasSides: Bool { rules.sides.count < TradeSide.allCases.count }

    /// Nil where a row counts.
    func reason(_ row: Int, _ trades: TradeColumns?, _ facts: RowFacts?) -> Reason? {
        guard let trades, let facts else { return nil }
        if rules.minimumQuantity > 0, let quantity = trades.quantity?[row] {
            // An empty cell is no size.
            guard quantity >= rules.minimumQuantity else { return .size }
        }
        if rules.ratedOnly, facts.notch[row] < 0 { return .rating }
        if hasSides, let side = trades.side?[row], !rules.sides.contains(side) { return .side }
        if let wanted = rules.ats, let isATS = trades.isATS?[row], isATS != wanted { return .ats }
        return nil
    }

    /// Refuses a table, or a market, that lacks what the protocol filters by.
    func requireColumns(
        of trades: TradeColumns?, file: String, market: MarketReference?
    ) throws(FileError) {
        guard rules.filterText(in: market) != nil else { return }
        func problem(_ what: String, column: String? = nil) -> FileError {
            FileError(
                .badData, file: file, column: column, what,
                expected: "what the protocol '\(rules.name)' filters by",
                advice: "Add the column, or use another --protocol")
        }
        guard let trades else { throw problem("the rows are no trades of bonds") }
        if !isLenient {
            if rules.minimumQuantity > 0, trades.quantity == nil {
                throw problem("no such column", column: "quantity")
            }
            if hasSides, trades.side == nil {
                throw problem("the columns 'side' and 'buy_sell' are not both there")
            }
            if rules.ats != nil, trades.isATS == nil {
                throw problem("no such column", column: "ats_indicator")
            }
        }
        if rules.ratedOnly { try requireRatings(of: market, file: file) }
    }

    private func requireRatings(of market: MarketReference?, file: String) throws(FileError) {
        guard let market else {
            throw FileError(
                .badData, file: file,
                "the protocol '\(rules.name)' counts rated bonds only, and no ratings are known",
                advice: "Give --market, or use another --protocol")
        }
        let path = market.folder + "/ratings.csv"
        guard !market.ratingAgencies.isEmpty else {
            throw FileError(
                .badData, file: path,
                "the protocol '\(rules.name)' counts rated bonds only, and there are no ratings",
                advice: "Add the ratings, or use another --protocol")
        }
        guard let agency = rules.ratingAgency, !market.ratingAgencies.contains(agency),
            !market.simulates(agency: agency)
        else { return }
        throw FileError(
            .badData, file: path, column: "agency",
            "the protocol '\(rules.name)' counts bonds that \(agency) rates, and there are none",
            expected: FileError.quoted(agency),
            found: market.ratingAgencies.sorted().map(FileError.quoted).joined(separator: ", "),
            advice: "Name the agency as the protocol does, or use a protocol of your own with "
                + "another 'rating_agency', or none")
    }
}
