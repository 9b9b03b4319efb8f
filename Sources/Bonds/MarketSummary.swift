import Files

/// What a market folder's reference tables hold, and what in them is doubtful but not wrong.
///
/// Reading it is the validation: whatever is wrong throws, with file, line and column.
public struct MarketSummary: Sendable, Hashable {
    /// A table that is there.
    public struct Table: Sendable, Hashable, Encodable {
        public let name: String
        public let file: String
        public let rowCount: Int
    }

    /// Something doubtful, how often it occurs, and its first few cases.
    public struct Doubt: Sendable, Hashable, Encodable {
        public let problem: String
        public let count: Int
        public let examples: [String]

        public init(problem: String, count: Int, examples: [String]) {
            self.problem = problem
            self.count = count
            self.examples = examples
        }
    }

    public private(set) var tables: [Table] = []
    /// Names of the tables that are not there.
    public private(set) var absent: [String] = []
    public private(set) var doubts: [Doubt] = []

    /// Reads every reference table of a market folder; `bonds.csv` must be there.
    public init(market folder: String) throws(FileError) {
        guard let bonds = try rows(BondRow.self, folder) else {
            throw FileError(
                .missing, file: folder + "/bonds.csv", "no such file",
                advice: "Every market folder has one; 'tenor import --bonds' copies it there")
        }
        let calls = try rows(CallRow.self, folder)
        let entities = try rows(EntityRow.self, folder)
        let ratings = try rows(RatingRow.self, folder)
        _ = try rows(TreasuryRow.self, folder)
        _ = try rows(MarketRow.self, folder)
        _ = try rows(EquityRow.self, folder)
        let holdings = try rows(HoldingRow.self, folder)
        _ = try rows(FundRow.self, folder)
        _ = try rows(SwapRow.self, folder)

        doubt("a wrong check digit or form", bonds.flatMap(\.doubtfulIdentifiers))
        doubt(
            "an identifier that another bond has",
            Self.repeated(bonds.map(\.figi)) + Self.repeated(bonds.map(\.isin)))
        let known = Set(bonds.map(\.cusip))
        for (table, cusips) in [
            (CallRow.table, calls?.map(\.cusip)), (EntityRow.table, entities?.map(\.cusip)),
            (RatingRow.table, ratings?.map(\.cusip)), (HoldingRow.table, holdings?.map(\.cusip)),
        ] {
            doubt(
                "\(table).csv: a bond that bonds.csv does not have",
                Self.unique(cusips ?? []).filter { !$0.isEmpty && !known.contains($0) })
        }
        if let calls {
            let scheduled = Set(calls.map(\.cusip))
            doubt(
                "a callable bond without a row in calls.csv",
                bonds.filter { $0.isCallable && !scheduled.contains($0.cusip) }.map(\.cusip))
        }
        if let entities {
            let mapped = Set(entities.map(\.cusip))
            doubt(
                "a bond that entities.csv does not map",
                bonds.map(\.cusip).filter { !mapped.contains($0) })
        }
        if let ratings {
            let rated = Set(ratings.map { $0.cusip.isEmpty ? $0.issuer : $0.cusip })
            doubt(
                "a bond without a rating at any time",
                bonds.filter { !rated.contains($0.cusip) && !rated.contains($0.issuer) }
                    .map(\.cusip))
        }
    }

    /// The rows of a table, nil where it is not there.
    private mutating func rows<Row: ReferenceRow>(
        _: Row.Type, _ folder: String
    ) throws(FileError) -> [Row]? {
        guard let path = try Row.path(market: folder) else {
            absent.append(Row.table)
            return nil
        }
        let rows = try Row.read(path: path)
        tables.append(Table(name: Row.table, file: path, rowCount: rows.count))
        return rows
    }

    private mutating func doubt(_ problem: String, _ cases: [String]) {
        guard !cases.isEmpty else { return }
        doubts.append(
            Doubt(problem: problem, count: cases.count, examples: Array(cases.prefix(5))))
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private static func repeated(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !$0.isEmpty && !seen.insert($0).inserted }
    }
}
