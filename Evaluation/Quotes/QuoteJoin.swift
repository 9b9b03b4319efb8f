import Files
import Quantiles

/// A forecast table beside what was observed: its own labels, or for a table of quotes the trades
/// that it is joined with.
struct LabelledTable {
    let table: ForecastTable
    /// Nil for tabular data.
    let trades: TradeColumns?
    /// Nil for a table of trades.
    let quotes: QuoteFunnel?

    /// - Parameter tape: the trades that a table without labels is joined with.
    init(
        _ source: ForecastTable, tape: ReferenceTrades?, rules: EvaluationProtocol
    ) throws(FileError) {
        guard let tape, source.label == nil else {
            table = source
            trades = try TradeColumns(source)
            quotes = nil
            return
        }
        guard let quoted = try TradeColumns(source) else {
            throw FileError(
                .badData, file: source.file, "quotes of no bonds",
                expected: "cusip or figi, and execution_date, the time of the quote")
        }
        (table, trades, quotes) = try Self.join(source, quoted, tape, rules.quotes)
    }

    /// - Throws: `FileError` where nothing was observed.
    func requireLabel() throws(FileError) {
        guard table.label == nil else { return }
        throw FileError(
            .badData, file: table.file, column: "label", "no such column",
            expected: "what was observed, beside the forecasts",
            advice:
                "Score data that has its labels, add them as a column, or give --trades to join "
                + "quotes with trades")
    }

    /// Each trade that has one with its last quote.
    private static func join(
        _ source: ForecastTable, _ quoted: TradeColumns, _ tape: ReferenceTrades,
        _ rules: QuoteRules
    ) throws(FileError) -> (ForecastTable, TradeColumns, QuoteFunnel) {
        let book = QuoteBook(source, quoted, rules: rules)
        let numbers = Dictionary(
            quoted.bonds.enumerated().map { ($1, Int32($0)) },
            uniquingKeysWith: { first, _ in first })
        let bonds = zip(tape.cusips, tape.figis).map { numbers[$0] ?? numbers[$1] }
        var horizon = QuoteHorizon(rules)
        var funnel = QuoteFunnel(tape, quotes: source.rowCount)
        var priced: [Int] = []
        var ages: [Double] = []
        var tiles: [Double] = []
        for row in tape.price.indices {
            guard let bond = bonds[Int(tape.bond[row])] else {
                funnel.otherBond += 1
                continue
            }
            do {
                let quote = try book.quote(
                    bond: bond, side: tape.side[row], isATS: tape.isATS[row],
                    quantity: tape.quantity[row], before: tape.time[row],
                    since: horizon.start(forTradeAt: tape.time[row]))
                funnel.interpolated += quote.isInterpolated ? 1 : 0
                funnel.beyondSizes += quote.isBeyondSizes ? 1 : 0
                priced.append(row)
                ages.append(Double(quote.age) / 1e9)
                tiles += quote.tiles
            } catch {
                funnel.count(error)
            }
        }
        guard !priced.isEmpty else {
            throw FileError(
                .badData, file: source.file, "no trade has a quote",
                expected: "quotes before the trades of \(tape.file)", found: funnel.text,
                advice: "Check identifiers, the unit of the times, and the protocol's 'quotes'")
        }
        funnel.setAges(ages)
        let trades = tape.columns(priced, quoteAge: ages)
        let table = ForecastTable(
            file: source.file, unit: source.unit, isPoint: source.isPoint, levels: source.levels,
            tiles: tiles, label: priced.map { tape.price[$0] }, executionDate: trades.time)
        return (table, trades, funnel)
    }
}

/// What became of the trades on the way to those that have a quote.
public struct QuoteFunnel: Sendable, Encodable {
    /// Rows of the quotes' table.
    public let quotes: Int
    /// Prints of the tape; those before all quotes; of the others, those withdrawn later.
    public let prints: Int
    public let beforeQuotes: Int
    public let withdrawn: Int
    /// Prints that are pieces of one trade, and how many trades those are.
    public let pieces: Int
    public let piecewiseTrades: Int
    /// Trades by then.
    public let trades: Int
    /// Trades without a quote, by why.
    public var otherBond = 0
    public var otherSideOrVenue = 0
    public var notYetQuoted = 0
    public var tooOld = 0
    public var otherSize = 0
    /// Trades with a quote; of these, interpolated between sizes, and beyond the quoted sizes.
    public private(set) var priced = 0
    public var interpolated = 0
    public var beyondSizes = 0
    /// Quantiles of the quotes' age in seconds, at 50 and 95 %.
    public private(set) var medianAge = 0.0
    public private(set) var highAge = 0.0

    enum CodingKeys: String, CodingKey {
        case quotes, prints, withdrawn, pieces, trades, priced, interpolated
        case beforeQuotes = "before_quotes"
        case piecewiseTrades = "piecewise_trades"
        case otherBond = "other_bond"
        case otherSideOrVenue = "other_side_or_venue"
        case notYetQuoted = "not_yet_quoted"
        case tooOld = "too_old"
        case otherSize = "other_size"
        case beyondSizes = "beyond_sizes"
        case medianAge = "median_age_seconds"
        case highAge = "age_seconds_95"
    }

    init(_ tape: ReferenceTrades, quotes: Int) {
        self.quotes = quotes
        prints = tape.counts.prints
        beforeQuotes = tape.counts.beforeQuotes
        withdrawn = tape.counts.withdrawn
        pieces = tape.counts.pieces
        piecewiseTrades = tape.counts.piecewiseTrades
        trades = tape.price.count
    }

    mutating func count(_ absence: QuoteBook.Absence) {
        switch absence {
        case .otherSideOrVenue: otherSideOrVenue += 1
        case .notYetQuoted: notYetQuoted += 1
        case .tooOld: tooOld += 1
        case .otherSize: otherSize += 1
        }
    }

    mutating func setAges(_ ages: [Double]) {
        let sorted = ages.sorted()
        priced = sorted.count
        medianAge = sampleQuantile(ofSorted: sorted, at: 0.5)
        highAge = sampleQuantile(ofSorted: sorted, at: 0.95)
    }

    /// The steps, in their order, each with how many are left or fall away.
    var steps: [(name: String, count: Int)] {
        [
            ("quotes", quotes), ("prints of the tape", prints),
            ("before all quotes", beforeQuotes), ("withdrawn later", withdrawn),
            ("pieces of one trade", pieces), ("trades of those pieces", piecewiseTrades),
            ("trades", trades), ("of a bond without quotes", otherBond),
            ("of a side or venue without quotes", otherSideOrVenue),
            ("before their first quote", notYetQuoted), ("last quote too old", tooOld),
            ("of a size without quotes", otherSize), ("trades with a quote", priced),
            ("between two quoted sizes", interpolated),
            ("beyond the quoted sizes, outermost quote", beyondSizes),
        ]
    }

    /// In words, without what is zero.
    var text: String {
        steps.filter { $0.count > 0 || $0.name == "trades" }
            .map { "\(grouped($0.count)) \($0.name)" }.joined(separator: ", ")
    }

    /// What a reader should know: how many trades judge the quotes, and why the others do not.
    var sentence: String {
        var others = [
            "\(grouped(tooOld)) whose last quote is too old",
            "\(grouped(notYetQuoted)) before their first quote",
        ]
        if otherSideOrVenue + otherSize > 0 {
            others.append(
                "\(grouped(otherSideOrVenue + otherSize)) of a side, venue or size without quotes")
        }
        return
            "Quotes are judged by \(grouped(priced)) of \(grouped(trades - otherBond)) trades of "
            + "quoted bonds, each by the last one strictly before it: \(duration(medianAge)) old in "
            + "the median, \(duration(highAge)) at 95 %. Without: \(others.joined(separator: ", "))."
    }
}
