/// Which dealers reported prints of a bond lately, as one of 64 bits by a hash of their names: two
/// dealers in 64 cannot be told apart, so that ten are counted as nine or ten.
final class DealerBook: @unchecked Sendable {
    private static let days = 8
    private let ofBonds: Memory<UInt64>
    private let bondDays: Memory<Int32>
    private let ofIssuers: Memory<UInt64>
    private let issuerDays: Memory<Int32>

    /// Room for so many; none where trades do not name dealers.
    init(bonds: Int, issuers: Int) {
        ofBonds = Memory(bonds * Self.days)
        bondDays = Memory(bonds * Self.days)
        ofIssuers = Memory(issuers)
        issuerDays = Memory(issuers)
    }

    var blocks: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
        [
            ("dealers.bonds", ofBonds.bytes), ("dealers.bond_days", bondDays.bytes),
            ("dealers.issuers", ofIssuers.bytes), ("dealers.issuer_days", issuerDays.bytes),
        ]
    }

    func add(_ dealer: UInt64, bond: Int, issuer: Int, day: Int32) {
        let bit = UInt64(1) << (dealer & 63)
        let place = bond * Self.days + Int(day) & (Self.days - 1)
        if bondDays[place] < day { (bondDays[place], ofBonds[place]) = (day, 0) }
        if bondDays[place] == day { ofBonds[place] |= bit }
        if issuerDays[issuer] < day { (issuerDays[issuer], ofIssuers[issuer]) = (day, 0) }
        if issuerDays[issuer] == day { ofIssuers[issuer] |= bit }
    }

    /// Writes the features of a bond: dealers of today, of five days, of the issuer today.
    func write(bond: Int, issuer: Int, day: Int32, into row: UnsafeMutablePointer<Float>) {
        var lately: UInt64 = 0
        var today: UInt64 = 0
        for place in bond * Self.days..<(bond + 1) * Self.days where bondDays[place] > day - 5 {
            lately |= ofBonds[place]
            if bondDays[place] == day { today = ofBonds[place] }
        }
        let issuers = issuerDays[issuer] == day ? ofIssuers[issuer] : 0
        row[0] = ln1p(Float(today.nonzeroBitCount))
        row[1] = ln1p(Float(lately.nonzeroBitCount))
        row[2] = ln1p(Float(issuers.nonzeroBitCount))
    }
}
