import Files

/// A row of `calls.csv`: a date on which a bond may be called.
public struct CallRow: ReferenceRow, Hashable {
    public var cusip: String
    public var call: CallSchedule.Call

    public init(cusip: String, date: CalendarDate, price: Double) {
        self.cusip = cusip
        call = CallSchedule.Call(date: date, price: price)
    }

    public static let table = "calls"
    public static let columns = ["cusip", "date", "price"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            cusip: try cells.requiredText(), date: try cells.requiredDate(),
            price: try cells.requiredNumber(in: 1...1000))
    }

    public func write(to cells: inout CSVRows) {
        cells.field(cusip)
        cells.field(call.date)
        cells.field(call.price)
    }
}

/// A row of `entities.csv`: who stands behind a bond from one day on, until another.
public struct EntityRow: ReferenceRow, Hashable {
    public var cusip: String
    public var issuer: String
    public var parent: String
    /// The equity's ticker, empty where none is listed.
    public var ticker: String
    /// The first day; nil for ever before.
    public var from: CalendarDate?
    /// The first day on which it no longer holds; nil for ever after.
    public var to: CalendarDate?

    public init(
        cusip: String, issuer: String, parent: String, ticker: String, from: CalendarDate? = nil,
        to: CalendarDate? = nil
    ) {
        self.cusip = cusip
        self.issuer = issuer
        self.parent = parent
        self.ticker = ticker
        self.from = from
        self.to = to
    }

    public static let table = "entities"
    public static let columns = ["cusip", "issuer", "parent", "ticker", "from", "to"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            cusip: try cells.requiredText(), issuer: cells.text(), parent: cells.text(),
            ticker: cells.text(), from: try cells.date(), to: try cells.date())
        if let from, let to, from >= to {
            throw cells.error("ends before it begins", expected: "a date after \(from)")
        }
    }

    /// Refuses periods of one bond that overlap: who stood behind it must be clear on every day.
    public static func check(
        _ rows: [EntityRow], lines: [Int], file: String
    ) throws(FileError) {
        let order = rows.indices.sorted { first, second in
            let (one, other) = (rows[first], rows[second])
            guard one.cusip == other.cusip else { return one.cusip < other.cusip }
            guard let start = one.from else { return other.from != nil }
            return other.from.map { start < $0 } ?? false
        }
        for (earlier, later) in zip(order, order.dropFirst())
        where rows[earlier].cusip == rows[later].cusip {
            let (end, start) = (rows[earlier].to, rows[later].from)
            if let end, let start, end <= start { continue }
            throw FileError(
                .badData, file: file, line: lines[later],
                "two entities of \(FileError.quoted(rows[later].cusip)) at one time",
                expected: "from \(end?.description ?? "after an end of line \(lines[earlier])") on",
                found: start?.description ?? "no first day",
                advice: "Let the period of line \(lines[earlier]) end where this one begins")
        }
    }

    public func write(to cells: inout CSVRows) {
        for text in [cusip, issuer, parent, ticker] { cells.field(text) }
        cells.field(from)
        cells.field(to)
    }
}

/// A row of `ratings.csv`: what an agency said of an issuer, or of one bond, from a day on.
public struct RatingRow: ReferenceRow, Hashable {
    public var issuer: String
    /// Empty where the rating is the issuer's.
    public var cusip: String
    public var date: CalendarDate
    public var agency: String
    /// Nil where the rating was withdrawn (`NR`, `WR` or an empty cell).
    public var rating: CreditRating?

    public init(
        issuer: String, cusip: String = "", date: CalendarDate, agency: String,
        rating: CreditRating?
    ) {
        self.issuer = issuer
        self.cusip = cusip
        self.date = date
        self.agency = agency
        self.rating = rating
    }

    public static let table = "ratings"
    public static let columns = ["issuer", "cusip", "date", "agency", "rating"]
    public static let optionalColumns: Set<String> = ["cusip"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        issuer = try cells.requiredText()
        cusip = cells.text()
        date = try cells.requiredDate()
        // Beyond, its moment is none in nanoseconds.
        guard (1900...2200).contains(date.year) else {
            throw cells.error("not a day of a rating", expected: "a date from 1900 to 2200")
        }
        agency = cells.text()
        let text = cells.text()
        rating = CreditRating(text)
        if rating == nil, !["", "NR", "WR", "WD"].contains(text.uppercased()) {
            throw cells.error(
                "not a rating", expected: "a letter rating such as BBB+ or Baa1, or NR")
        }
    }

    public func write(to cells: inout CSVRows) {
        cells.field(issuer)
        cells.field(cusip)
        cells.field(date)
        cells.field(agency)
        cells.field(rating?.description ?? "NR")
    }
}

/// A row of `treasuries.csv`: a tick of the Treasury that is on the run for a tenor.
public struct TreasuryRow: ReferenceRow, Hashable {
    /// UTC epoch nanoseconds.
    public var time: Int64
    /// Years at issue: 2, 3, 5, 7, 10, 20 or 30.
    public var tenor: Int
    public var cusip: String
    /// Percent a year; NaN where not known.
    public var coupon: Double
    public var maturity: CalendarDate
    /// Percent.
    public var yieldMid: Double

    public init(
        time: Int64, tenor: Int, cusip: String, coupon: Double, maturity: CalendarDate,
        yieldMid: Double
    ) {
        self.time = time
        self.tenor = tenor
        self.cusip = cusip
        self.coupon = coupon
        self.maturity = maturity
        self.yieldMid = yieldMid
    }

    /// The tenors that are on the run, in years.
    public static let tenors = [2, 3, 5, 7, 10, 20, 30]
    /// What no yield of a Treasury leaves, in percent: the highest so far were 16, in 1981.
    public static let yields = -5.0...25
    /// The same of coupons.
    public static let coupons = 0.0...25
    public static let table = "treasuries"
    public static let columns = ["time", "tenor", "cusip", "coupon", "maturity", "yield_mid"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        time = try cells.requiredTime()
        let years = try cells.requiredNumber()
        guard let tenor = Self.tenors.first(where: { Double($0) == years }) else {
            throw cells.error("not a tenor", expected: "2, 3, 5, 7, 10, 20 or 30 years")
        }
        self.tenor = tenor
        cusip = cells.text()
        coupon = try cells.number(in: Self.coupons)
        maturity = try cells.requiredDate()
        yieldMid = try cells.requiredNumber(in: Self.yields)
    }

    public func write(to cells: inout CSVRows) {
        cells.field(time)
        cells.field(tenor)
        cells.field(cusip)
        cells.field(coupon)
        cells.field(maturity)
        cells.field(yieldMid)
    }
}

/// A row of `markets.csv`: a tick of an ETF or an index.
public struct MarketRow: ReferenceRow, Hashable {
    /// UTC epoch nanoseconds.
    public var time: Int64
    public var symbol: String
    public var price: Double

    public init(time: Int64, symbol: String, price: Double) {
        self.time = time
        self.symbol = symbol
        self.price = price
    }

    /// What no fund's or index's price leaves.
    public static let prices = 0.0...1_000_000

    public static let table = "markets"
    public static let columns = ["time", "symbol", "price"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            time: try cells.requiredTime(), symbol: try cells.requiredText(),
            price: try cells.requiredNumber(in: Self.prices))
    }

    public func write(to cells: inout CSVRows) {
        cells.field(time)
        cells.field(symbol)
        cells.field(price)
    }
}

/// A row of `equities.csv`: a share's close, and its sector's.
public struct EquityRow: ReferenceRow, Hashable {
    public var date: CalendarDate
    public var ticker: String
    public var close: Double
    /// NaN where not known.
    public var sectorIndexClose: Double

    public init(date: CalendarDate, ticker: String, close: Double, sectorIndexClose: Double) {
        self.date = date
        self.ticker = ticker
        self.close = close
        self.sectorIndexClose = sectorIndexClose
    }

    public static let table = "equities"
    public static let columns = ["date", "ticker", "close", "sector_index_close"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            date: try cells.requiredDate(), ticker: try cells.requiredText(),
            close: try cells.requiredNumber(in: 0 ... .greatestFiniteMagnitude),
            sectorIndexClose: try cells.number(in: 0 ... .greatestFiniteMagnitude))
    }

    public func write(to cells: inout CSVRows) {
        cells.field(date)
        cells.field(ticker)
        cells.field(close)
        cells.field(sectorIndexClose)
    }
}

/// A row of `holdings.csv`: what an ETF holds of a bond on a day.
public struct HoldingRow: ReferenceRow, Hashable {
    public var date: CalendarDate
    public var etf: String
    public var cusip: String
    /// Dollars of par.
    public var par: Double

    public init(date: CalendarDate, etf: String, cusip: String, par: Double) {
        self.date = date
        self.etf = etf
        self.cusip = cusip
        self.par = par
    }

    public static let table = "holdings"
    public static let columns = ["date", "etf", "cusip", "par"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            date: try cells.requiredDate(), etf: try cells.requiredText(),
            cusip: try cells.requiredText(), par: try cells.requiredNumber())
    }

    public func write(to cells: inout CSVRows) {
        cells.field(date)
        cells.field(etf)
        cells.field(cusip)
        cells.field(par)
    }
}

/// A row of `funds.csv`: an ETF's shares, cash and net asset value on a day.
public struct FundRow: ReferenceRow, Hashable {
    public var date: CalendarDate
    public var etf: String
    public var shares: Double
    /// Dollars; NaN where not known.
    public var cash: Double
    /// Dollars a share, as published; NaN where not known.
    public var netAssetValue: Double

    public init(
        date: CalendarDate, etf: String, shares: Double, cash: Double, netAssetValue: Double
    ) {
        self.date = date
        self.etf = etf
        self.shares = shares
        self.cash = cash
        self.netAssetValue = netAssetValue
    }

    public static let table = "funds"
    public static let columns = ["date", "etf", "shares", "cash", "nav"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            date: try cells.requiredDate(), etf: try cells.requiredText(),
            shares: try cells.requiredNumber(in: 0 ... .greatestFiniteMagnitude),
            cash: try cells.number(), netAssetValue: try cells.number())
    }

    public func write(to cells: inout CSVRows) {
        cells.field(date)
        cells.field(etf)
        cells.field(shares)
        cells.field(cash)
        cells.field(netAssetValue)
    }
}

/// A row of `cds.csv`: the spread of a credit default swap at a day's end.
public struct SwapRow: ReferenceRow, Hashable {
    public var date: CalendarDate
    public var ticker: String
    /// Years.
    public var tenor: Double
    /// Basis points.
    public var spread: Double

    public init(date: CalendarDate, ticker: String, tenor: Double, spread: Double) {
        self.date = date
        self.ticker = ticker
        self.tenor = tenor
        self.spread = spread
    }

    public static let table = "cds"
    public static let columns = ["date", "ticker", "tenor", "spread"]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        self.init(
            date: try cells.requiredDate(), ticker: try cells.requiredText(),
            tenor: try cells.requiredNumber(in: 0...100), spread: try cells.requiredNumber())
    }

    public func write(to cells: inout CSVRows) {
        cells.field(date)
        cells.field(ticker)
        cells.field(tenor)
        cells.field(spread)
    }
}
