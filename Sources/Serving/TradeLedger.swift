/// What is known of a trade that somebody names.
public enum TradeStanding: Sendable {
    case unknown
    /// There is a trade of this identifier, of another bond.
    case ofAnotherBond
    case reported
    case withdrawn
}

/// Which trades a market has had, by their identifiers: eight bytes a trade.
///
/// Of an identifier 48 bits of a hash are kept: of millions of trades none is taken for another more
/// than once in tens of millions of questions.
package struct TradeLedger: Sendable {
    /// Hash and the low bits of the bond, of all trades until ``sort()``, then in order.
    private var first: [UInt64] = []
    private var isSorted = false
    /// The same of those that came later, by hash.
    private var later: [UInt64: UInt64] = [:]
    private var withdrawn: Set<UInt64> = []

    private static let bondBits: UInt64 = 0xFFFF

    package init() {}

    package mutating func report(_ identifier: String, bond: Int) {
        let entry = Self.entry(identifier, bond: bond)
        if isSorted {
            later[entry & ~Self.bondBits] = entry
        } else {
            first.append(entry)
        }
    }

    package mutating func withdraw(_ identifier: String) {
        withdrawn.insert(Self.entry(identifier, bond: 0))
    }

    /// Puts the trades so far in order, once: best when the tape is there.
    package mutating func sort() {
        guard !isSorted else { return }
        first.sort()
        isSorted = true
    }

    package mutating func standing(of identifier: String, bond: Int) -> TradeStanding {
        sort()
        let wanted = Self.entry(identifier, bond: bond)
        let hash = wanted & ~Self.bondBits
        guard let found = later[hash] ?? found(hash) else { return .unknown }
        if found != wanted { return .ofAnotherBond }
        return withdrawn.contains(hash) ? .withdrawn : .reported
    }

    private func found(_ hash: UInt64) -> UInt64? {
        var range = first.startIndex..<first.endIndex
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range =
                first[middle] < hash
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        guard range.lowerBound < first.count else { return nil }
        let entry = first[range.lowerBound]
        return entry & ~Self.bondBits == hash ? entry : nil
    }

    private static func entry(_ identifier: String, bond: Int) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(identifier)
        let hash = UInt64(bitPattern: Int64(hasher.finalize()))
        return hash & ~bondBits | UInt64(bond) & bondBits
    }
}
