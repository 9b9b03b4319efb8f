import Files

/// A row of `bonds.csv`: a bond's terms, its names and its issue.
public struct BondRow: ReferenceRow, Hashable {
    public var cusip: String
    public var figi: String
    public var isin: String
    public var issuer: String
    public var sector: String
    public var industry: String
    public var terms: BondTerms
    /// Dollars of par at issue; NaN where not known.
    public var offeringAmount: Double
    /// Dollars of par now; NaN where not known.
    public var amountOutstanding: Double
    public var isCallable: Bool
    public var seniority: String
    public var isRule144A: Bool

    public init(
        cusip: String, figi: String = "", isin: String = "", issuer: String, sector: String = "",
        industry: String = "", terms: BondTerms, offeringAmount: Double = .nan,
        amountOutstanding: Double = .nan, isCallable: Bool = false, seniority: String = "",
        isRule144A: Bool = false
    ) {
        self.cusip = cusip
        self.figi = figi
        self.isin = isin
        self.issuer = issuer
        self.sector = sector
        self.industry = industry
        self.terms = terms
        self.offeringAmount = offeringAmount
        self.amountOutstanding = amountOutstanding
        self.isCallable = isCallable
        self.seniority = seniority
        self.isRule144A = isRule144A
    }

    public static let table = "bonds"
    public static let columns = [
        "cusip", "figi", "isin", "issuer", "sector", "industry", "coupon", "frequency",
        "day_count", "dated_date", "first_coupon", "last_coupon", "maturity", "offering_amount",
        "amount_outstanding", "callable", "seniority", "rule_144a",
    ]
    public static let optionalColumns: Set<String> = [
        "figi", "isin", "sector", "industry", "dated_date", "first_coupon", "last_coupon",
        "offering_amount", "amount_outstanding", "callable", "seniority", "rule_144a",
    ]
    public var uniqueKey: String? { cusip }

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        cusip = try cells.requiredText()
        figi = cells.text()
        isin = cells.text()
        issuer = try cells.requiredText()
        sector = cells.text()
        industry = cells.text()
        let coupon = try cells.requiredNumber(in: 0...100)
        let frequency = try cells.requiredNumber()
        // A bond without coupons may say so; its yield compounds twice a year all the same.
        guard [1, 2, 4, 12].contains(frequency) || (frequency == 0 && coupon == 0) else {
            throw cells.error(
                "not a coupon frequency", expected: "1, 2, 4 or 12, or 0 without a coupon")
        }
        guard let dayCount = DayCount(named: cells.text()) else {
            throw cells.error("not a day count", expected: "30/360 or actual/actual")
        }
        let datedDate = try cells.date()
        let firstCoupon = try cells.date()
        let lastCoupon = try cells.date()
        let maturity = try cells.requiredDate()
        do {
            terms = try BondTerms(
                coupon: coupon, frequency: frequency == 0 ? 2 : Int(frequency),
                dayCount: dayCount, datedDate: datedDate, firstCoupon: firstCoupon,
                lastCoupon: lastCoupon, maturity: maturity)
        } catch {
            throw cells.error(error.description)
        }
        offeringAmount = try cells.number(in: 0 ... .greatestFiniteMagnitude)
        amountOutstanding = try cells.number(in: 0 ... .greatestFiniteMagnitude)
        isCallable = try cells.flag()
        seniority = cells.text()
        isRule144A = try cells.flag()
    }

    public func write(to cells: inout CSVRows) {
        for text in [cusip, figi, isin, issuer, sector, industry] { cells.field(text) }
        cells.field(terms.coupon)
        cells.field(terms.frequency)
        cells.field(terms.dayCount.rawValue)
        cells.field(terms.datedDate)
        cells.field(terms.firstCoupon)
        cells.field(terms.lastCoupon)
        cells.field(terms.maturity)
        cells.field(offeringAmount)
        cells.field(amountOutstanding)
        cells.field(flag: isCallable)
        cells.field(seniority)
        cells.field(flag: isRule144A)
    }

    /// Which of the bond's identifiers have a wrong check digit or form; those that are absent
    /// are not wrong.
    public var doubtfulIdentifiers: [String] {
        [
            ("cusip", cusip, Identifiers.isValidCUSIP(cusip)),
            ("figi", figi, Identifiers.isValidFIGI(figi)),
            ("isin", isin, Identifiers.isValidISIN(isin)),
        ].filter { !$0.1.isEmpty && !$0.2 }.map { "\($0.0) \($0.1)" }
    }
}
