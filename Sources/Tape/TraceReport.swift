/// One record of a TRACE file, as cleaning sees it; small, because there are tens of millions.
struct TraceReport {
    /// The nine characters of the CUSIP.
    var cusip: PackedCUSIP
    /// UTC epoch nanoseconds.
    var execution: Int64
    var report: Int64
    /// When it became known that the print does not hold; `Int64.max` while it holds.
    var withdrawn = Int64.max
    var reference: Int64
    /// The reference that a cancel, correction or reversal is about, -1 where there is none.
    var priorReference: Int64
    var quantity: Double
    /// Per 100 of par.
    var price: Double
    /// In percent, NaN where there is none.
    var yield: Double
    /// A hash of the reporting dealer's name, 0 where it is not told.
    var dealer: UInt64
    /// Local days since 1970-01-01.
    var executionDay: Int32
    var reportDay: Int32
    /// `Int32.min` where there is none.
    var priorDay: Int32
    var settlementDay: Int32
    var line: UInt32
    /// The index of the report that this one replaces, -1 for none.
    var replaces: Int32 = -1
    /// The index of the next piece of the same trade, -1 for none.
    var nextPiece: Int32 = -1
    /// The index of the first piece, for a piece that was merged into it, -1 otherwise.
    var firstPiece: Int32 = -1
    var file: UInt16
    var marks: Marks
    var status: Status
    var side: Side
    var contra: Contra
    /// The step that took the row out of the tape, `kept` where none did.
    var fate = CleaningStep.kept

    enum Status: UInt8 {
        /// `T`: a trade.
        case trade
        /// `X` and `C` since 2012: the report with the same reference does not hold.
        case cancel
        /// `R` since 2012: replaces the report that it refers to.
        case correction
        /// `Y` since 2012: the report that it refers to does not hold.
        case reversal
        /// `C` before 2012: the report that it refers to does not hold.
        case historicCancel
        /// `W` before 2012: replaces the report that it refers to.
        case historicCorrection
        /// As-of codes `R` and `X` before 2012: one equal trade does not hold.
        case historicReversal

        /// Whether the record is itself a trade.
        var isTrade: Bool { self == .trade || self == .correction || self == .historicCorrection }
    }

    enum Side: UInt8 {
        /// The reporting dealer buys.
        case buy
        /// The reporting dealer sells.
        case sell
    }

    enum Contra: UInt8 {
        case customer
        case dealer
        /// A non-member affiliate of the reporting dealer.
        case affiliate
    }

    struct Marks: OptionSet {
        let rawValue: UInt16
        static let ats = Marks(rawValue: 1)
        static let disseminated = Marks(rawValue: 1 << 1)
        static let whenIssued = Marks(rawValue: 1 << 2)
        static let lockedIn = Marks(rawValue: 1 << 3)
        static let specialPrice = Marks(rawValue: 1 << 4)
        static let specialCondition = Marks(rawValue: 1 << 5)
        static let primaryMarket = Marks(rawValue: 1 << 6)
        static let asOf = Marks(rawValue: 1 << 7)
        /// The reporting dealer acts as an agent and takes no commission.
        static let freeAgency = Marks(rawValue: 1 << 8)
        /// The size is only known to be at least this.
        static let capped = Marks(rawValue: 1 << 9)
        /// A dealer's purchase whose seller's report is not there.
        static let buyersReport = Marks(rawValue: 1 << 10)
    }

    var holds: Bool { withdrawn == .max }

    /// The side under which the trade is stored: trades between dealers as sales.
    var storedSide: Side { contra == .dealer ? .sell : side }
}

/// The nine characters of a CUSIP in one number, seven bits each; ordered as the text is.
struct PackedCUSIP: Hashable, Comparable {
    let bits: UInt64

    /// Nil where it is not nine letters, digits, `*`, `@` or `#`.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 9 else { return nil }
        var bits: UInt64 = 0
        for byte in text {
            let upper = byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte
            guard
                upper >= 0x30 && upper <= 0x39 || upper >= 0x40 && upper <= 0x5A
                    || upper == 0x2A || upper == 0x23
            else { return nil }
            bits = bits << 7 | UInt64(upper)
        }
        self.bits = bits
    }

    init?(_ text: String) {
        var text = text
        let packed = text.withUTF8 { PackedCUSIP($0) }
        guard let packed else { return nil }
        self = packed
    }

    var text: String {
        String(unsafeUninitializedCapacity: 9) { buffer in
            for index in 0..<9 { buffer[index] = UInt8(bits >> UInt64(7 * (8 - index)) & 0x7F) }
            return 9
        }
    }

    static func < (first: PackedCUSIP, second: PackedCUSIP) -> Bool { first.bits < second.bits }
}
