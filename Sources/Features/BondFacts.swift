import Bonds

/// What does not change of a bond, in the form that features need.
struct BondFacts {
    var issuer: Int32
    /// Among all sectors of the market.
    var sector: Int32
    /// The sector's feature, -1 where it has none.
    var sectorFeature: Int32
    /// Days since 1970; -1 where not known.
    var datedDay: Int32
    /// Days since 1970.
    var maturityDay: Int32
    var coupon: Float
    /// Of the offering, against $600 millions; 0 where not known. What is outstanding now would tell
    /// of the future.
    var logAmount: Float
    var isCallable: Bool

    var maturity: CalendarDate { CalendarDate(dayNumber: Int(maturityDay)) }
}

/// How a bond with a rating belongs to groups.
struct RatingGroups {
    /// 0 to 7: AAA, AA, A, BBB, BB, B, CCC and below; the last is not used.
    let bucket: Int
    /// 0 for A- or better, 1 for BBB, 2 for high yield.
    let grade: Int
    let isHighYield: Bool

    /// In place of a missing rating: BB-.
    static let unrated = 12

    /// - Parameter notch: -1 where there is no rating.
    init(notch: Int) {
        let notch = notch < 0 ? Self.unrated : notch
        bucket = notch == 0 ? 0 : min((notch + 2) / 3, 6)
        grade = notch <= 6 ? 0 : notch <= 9 ? 1 : 2
        isHighYield = notch >= 10
    }
}

/// The numbers of the groups whose decayed sums a bond reads.
struct GroupNumbers {
    let bonds: Int
    let issuers: Int
    let sectors: Int

    var count: Int { bonds + issuers + 4 * sectors + 8 + 2 }
    @inline(__always) func issuer(_ issuer: Int) -> Int { bonds + issuer }
    @inline(__always) func sectorClass(_ sector: Int, _ grade: Int) -> Int {
        bonds + issuers + 3 * sector + grade
    }
    @inline(__always) func sector(_ sector: Int) -> Int { bonds + issuers + 3 * sectors + sector }
    @inline(__always) func bucket(_ bucket: Int) -> Int { bonds + issuers + 4 * sectors + bucket }
    @inline(__always) func grade(isHighYield: Bool) -> Int {
        bonds + issuers + 4 * sectors + 8 + (isHighYield ? 1 : 0)
    }

    /// The six groups of a print, in the order of the layout.
    @inline(__always)
    func all(bond: Int, facts: BondFacts, groups: RatingGroups) -> SIMD8<Int32> {
        let sector = Int(facts.sector)
        return SIMD8(
            Int32(bond), Int32(issuer(Int(facts.issuer))),
            Int32(sectorClass(sector, groups.grade)), Int32(self.sector(sector)),
            Int32(bucket(groups.bucket)), Int32(grade(isHighYield: groups.isHighYield)), 0, 0)
    }
}

/// What the engine knows of a bond beside its prints.
struct BondState {
    /// Trading days of the last print of a million and more; 0 before.
    var lastLargeDays = 0.0
    /// The latest execution, in UTC epoch nanoseconds; 0 before the first.
    var lastExecuted: Int64 = 0
    /// Running means over prints: absolute innovation, days between prints, size, side.
    var meanAbsolute: Float = 0
    var meanGap: Float = 0
    var meanSize: Float = 0
    var meanSide: Float = 0
    /// Prints ever.
    var prints: UInt32 = 0
    /// Where in the market grid the last print was executed.
    var lastSlot: Int32 = 0
}
