/// What is kept of each bond by trading day: prints, face, log spread; and what is worked out of it
/// across bonds once a day.
final class DayBook: @unchecked Sendable {
    static let days = 64
    let bonds: Int

    /// The trading day that runs, as ``TradingMoment/days`` counts them; -1 before the first.
    private let today = Memory<Int32>(2)
    // Shape: `[bond, day modulo 64]`.
    let prints: Memory<Float>
    let face: Memory<Float>
    /// At the day's end; 0 where the bond had no print by then.
    let spreads: Memory<Float>
    // Shape: `[bond]`.
    let meanSpread: Memory<Float>
    let spreadVariance: Memory<Float>
    private let covariance: Memory<Float>
    private let groupVariance: Memory<Float>
    // Shape: `[issuer]`.
    let issuerMean: Memory<Float>
    let issuerSlope: Memory<Float>
    let issuerMeanLogYears: Memory<Float>
    let issuerCount: Memory<Float>
    /// Medians of log spreads by sector and class, then by rating bucket; 0 where there is none.
    let medians: Memory<Float>
    private let sectorClasses: Int

    init(bonds: Int, issuers: Int, sectorClasses: Int) {
        self.bonds = bonds
        self.sectorClasses = sectorClasses
        prints = Memory(bonds * Self.days)
        face = Memory(bonds * Self.days)
        spreads = Memory(bonds * Self.days)
        meanSpread = Memory(bonds)
        spreadVariance = Memory(bonds)
        covariance = Memory(bonds)
        groupVariance = Memory(bonds)
        issuerMean = Memory(issuers)
        issuerSlope = Memory(issuers)
        issuerMeanLogYears = Memory(issuers)
        issuerCount = Memory(issuers)
        medians = Memory(sectorClasses + 8)
        today[0] = -1
        today[1] = -1
    }

    var day: Int32 { today[0] }
    /// Trading days since the first.
    var age: Int32 { today[0] - today[1] }

    var blocks: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
        [
            ("days.today", today.bytes), ("days.prints", prints.bytes), ("days.face", face.bytes),
            ("days.spreads", spreads.bytes), ("days.mean", meanSpread.bytes),
            ("days.variance", spreadVariance.bytes), ("days.covariance", covariance.bytes),
            ("days.group_variance", groupVariance.bytes), ("days.issuer_mean", issuerMean.bytes),
            ("days.issuer_slope", issuerSlope.bytes),
            ("days.issuer_years", issuerMeanLogYears.bytes),
            ("days.issuer_count", issuerCount.bytes), ("days.medians", medians.bytes),
        ]
    }

    /// Adds a print to its day, or takes it out with a sign of -1; of days long gone nothing is kept.
    func add(bond: Int, day: Int32, millions: Float, sign: Float) {
        guard day <= today[0], day > today[0] - Int32(Self.days), day >= today[1] else { return }
        let place = bond * Self.days + Int(day) & (Self.days - 1)
        prints[place] = max(0, prints[place] + sign)
        face[place] = max(0, face[place] + sign * millions)
    }

    /// A value of a bond so many days ago.
    @inline(__always)
    func value(_ values: Memory<Float>, _ bond: Int, ago: Int32) -> Float {
        values[bond * Self.days + Int(today[0] - ago) & (Self.days - 1)]
    }

    /// The log spread of a bond at the end of a day so many days before this one; where it had none
    /// yet, at the end of the first day that it had.
    func spread(_ bond: Int, ago: Int32) -> Float {
        var ago = min(ago, age, Int32(Self.days - 1))
        while ago > 0 {
            let value = value(spreads, bond, ago: ago)
            if value != 0 { return value }
            ago -= 1
        }
        return 0
    }

    /// The beta of a bond's spread to its sector's, shrunk to 1.
    func beta(_ bond: Int) -> Float {
        let shrinkage: Float = 2e-4
        return clip((covariance[bond] + shrinkage) / (groupVariance[bond] + shrinkage), -1, 3)
    }

    /// A bond at the end of a day.
    struct Close {
        var bond: Int
        var issuer: Int
        var sectorClass: Int
        var bucket: Int
        var logSpread: Float
        var logYears: Float
    }

    func begin(_ day: Int32) {
        today[0] = day
        today[1] = day
    }

    /// Ends the day that runs and begins another.
    /// - Parameter closes: the bonds that have had a print, at the end of the day.
    func turn(to day: Int32, closes: [Close]) {
        let ended = Int(today[0]) & (Self.days - 1)
        let changes = turnMedians(closes)
        for close in closes {
            let bond = close.bond
            let before = value(spreads, bond, ago: 1)
            spreads[bond * Self.days + ended] = close.logSpread
            if meanSpread[bond] == 0 { meanSpread[bond] = close.logSpread }
            let keep: Float = 0.9659363
            meanSpread[bond] += (1 - keep) * (close.logSpread - meanSpread[bond])
            guard before != 0, age > 0 else { continue }
            let own = close.logSpread - before
            let group = changes[close.sectorClass]
            spreadVariance[bond] = keep * spreadVariance[bond] + (1 - keep) * own * own
            covariance[bond] = keep * covariance[bond] + (1 - keep) * own * group
            groupVariance[bond] = keep * groupVariance[bond] + (1 - keep) * group * group
        }
        turnIssuers(closes)
        while today[0] < day {
            today[0] += 1
            let place = Int(today[0]) & (Self.days - 1)
            for bond in 0..<bonds {
                prints[bond * Self.days + place] = 0
                face[bond * Self.days + place] = 0
                spreads[bond * Self.days + place] = 0
            }
            // Days without anything between them keep the last spread.
            guard today[0] < day else { break }
            for close in closes { spreads[close.bond * Self.days + place] = close.logSpread }
        }
    }

    /// New medians; returns by how much those of sectors and classes changed.
    private func turnMedians(_ closes: [Close]) -> [Float] {
        var members = [[Float]](repeating: [], count: medians.count)
        for close in closes {
            members[close.sectorClass].append(close.logSpread)
            members[sectorClasses + close.bucket].append(close.logSpread)
        }
        var changes = [Float](repeating: 0, count: medians.count)
        for group in members.indices {
            guard !members[group].isEmpty else { continue }
            members[group].sort()
            let median = members[group][members[group].count / 2]
            changes[group] = medians[group] == 0 ? 0 : median - medians[group]
            medians[group] = median
        }
        return changes
    }

    /// The line through an issuer's bonds: log spread by the logarithm of years.
    private func turnIssuers(_ closes: [Close]) {
        for issuer in 0..<issuerMean.count {
            issuerMean[issuer] = 0
            issuerMeanLogYears[issuer] = 0
            issuerCount[issuer] = 0
        }
        var squares = [Float](repeating: 0, count: issuerMean.count)
        var products = squares
        for close in closes {
            issuerCount[close.issuer] += 1
            let weight = 1 / issuerCount[close.issuer]
            let years = close.logYears - issuerMeanLogYears[close.issuer]
            let spread = close.logSpread - issuerMean[close.issuer]
            issuerMeanLogYears[close.issuer] += years * weight
            issuerMean[close.issuer] += spread * weight
            squares[close.issuer] += years * (close.logYears - issuerMeanLogYears[close.issuer])
            products[close.issuer] += years * (close.logSpread - issuerMean[close.issuer])
        }
        for issuer in 0..<issuerMean.count {
            // As if one more pair of bonds, a year's logarithm apart, had the usual slope of .2.
            issuerSlope[issuer] = (products[issuer] + 0.1) / (squares[issuer] + 0.5)
        }
    }
}
