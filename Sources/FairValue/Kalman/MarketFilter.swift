/// A print as the filter of a market sees it.
public struct MarketPrint: Sendable {
    /// The row of the bond.
    public var bond: Int
    /// When it was executed, in trading days.
    public var days: Double
    public var setting: BondSetting
    /// The logarithm of the print's spread in basis points.
    public var logSpread: Double
    /// In points.
    public var dv01: Double
    public var trade: TradeTraits

    public init(
        bond: Int, days: Double, setting: BondSetting, logSpread: Double, dv01: Double,
        trade: TradeTraits
    ) {
        self.bond = bond
        self.days = days
        self.setting = setting
        self.logSpread = logSpread
        self.dv01 = dv01
        self.trade = trade
    }
}

/// Where a bond stands in the market at a time.
public struct BondSetting: Sendable {
    public var isHighYield: Bool
    /// The log spread index of its class.
    public var creditIndex: Double
    /// Numbers of the groups with which it moves; a group is a rating bucket or a sector of a class.
    public var ratingGroup: Int
    public var sectorGroup: Int
    /// ln(years / 5), on which an issuer's curve acts.
    public var curveLoading: Double
    /// The log spread that its cohort suggests.
    public var prior: Double

    public init(
        isHighYield: Bool, creditIndex: Double, ratingGroup: Int, sectorGroup: Int,
        curveLoading: Double, prior: Double
    ) {
        self.isHighYield = isHighYield
        self.creditIndex = creditIndex
        self.ratingGroup = ratingGroup
        self.sectorGroup = sectorGroup
        self.curveLoading = curveLoading
        self.prior = prior
    }
}

/// One fair value a bond, of a whole market: a joint Kalman filter of the log spreads of each
/// issuer's bonds.
///
/// A print updates its bond by the Kalman gain, and the other bonds of the issuer as much as they
/// moved together since. All of them follow the credit index of the bond ETFs, and two levels
/// learned from prints everywhere: that of their rating bucket and that of their sector. What a
/// print says about those is taken out before its issuer learns from the rest. So a bond that has
/// not traded for long follows what leads it, and a new print weighs more than an old one.
public struct MarketFilter: Sendable {
    public let parameters: KalmanParameters
    private var blocks: [IssuerBlock]
    private let blockOfBond: [Int32]
    private var slots: [Int32]
    private var ratingLevels: [GroupLevel]
    private var sectorLevels: [GroupLevel]
    private var gains: [Double] = []

    /// - Parameters:
    ///   - blocks: the number of the issuer of each bond.
    ///   - ratingGroups: how many there are.
    ///   - sectorGroups: how many there are.
    public init(
        _ parameters: KalmanParameters, blocks: [Int], ratingGroups: Int, sectorGroups: Int
    ) {
        self.parameters = parameters
        blockOfBond = blocks.map(Int32.init)
        self.blocks = Array(repeating: IssuerBlock(), count: (blocks.max() ?? -1) + 1)
        slots = Array(repeating: -1, count: blocks.count)
        ratingLevels = Array(repeating: GroupLevel(), count: ratingGroups)
        sectorLevels = Array(repeating: GroupLevel(), count: sectorGroups)
    }

    /// What a print told.
    public struct Update: Sendable {
        /// The print's log spread less what was expected of it.
        public let innovation: Double
        /// The variance that this was expected to have.
        public let variance: Double
    }

    /// Whether a bond has a print.
    public func isSeen(bond: Int) -> Bool { slots[bond] >= 0 }

    /// The log spread of a bond's middle at a time.
    public func predicted(
        bond: Int, days: Double, setting: BondSetting
    ) -> FairValueFilter.Estimate {
        let block = blocks[Int(blockOfBond[bond])]
        let slot = Int(slots[bond])
        guard slot >= 0 else {
            return FairValueFilter.Estimate(
                logSpread: setting.prior + Self.shrunk(block.deviation),
                variance: parameters.priorVariance)
        }
        return FairValueFilter.Estimate(
            logSpread: block.means[slot]
                + block.drivers.move(to: drivers(setting), parameters),
            variance: block.variance(slot)
                + max(0, days - block.days) * block.dailyVariance(slot, parameters))
    }

    /// What a trade would show: the mean and the variance of its log spread.
    /// - Parameter dv01: in points.
    public func forecast(
        bond: Int, days: Double, setting: BondSetting, trade: TradeTraits, dv01: Double
    ) -> FairValueFilter.Estimate {
        let middle = predicted(bond: bond, days: days, setting: setting)
        let (offset, noise) = parameters.observation(
            trade, spread: Self.spread(middle.logSpread), dv01: dv01)
        return FairValueFilter.Estimate(
            logSpread: middle.logSpread - offset, variance: middle.variance + noise)
    }

    /// Takes in a print.
    /// - Parameter identifier: by which it may be taken back.
    @discardableResult
    public mutating func observe(_ print: MarketPrint, identifier: Int = 0) -> Update {
        let index = Int(blockOfBond[print.bond])
        let isNew = slots[print.bond] < 0
        let drivers = drivers(print.setting)
        if blocks[index].count == 0 {
            blocks[index].days = print.days
            blocks[index].drivers = drivers
        }
        let elapsed = print.days - blocks[index].days
        if elapsed >= 0 {
            blocks[index].shift(blocks[index].drivers.move(to: drivers, parameters))
            blocks[index].drivers = drivers
            if elapsed > 0 {
                blocks[index].advance(by: elapsed, parameters)
                blocks[index].days = print.days
            }
        }
        if isNew { enter(print, block: index) }
        let slot = Int(slots[print.bond])
        var seen = print.logSpread
        var staleness = 0.0
        if elapsed < 0 {
            // A late print: carried on by the index, less sure by what may have happened since.
            var then = blocks[index].drivers
            if then.isHighYield == drivers.isHighYield { then.creditIndex = drivers.creditIndex }
            seen += then.move(to: blocks[index].drivers, parameters)
            staleness = -elapsed * blocks[index].dailyVariance(slot, parameters)
        }
        let mean = blocks[index].means[slot]
        let (offset, noise) = parameters.observation(
            print.trade, spread: Self.spread(mean), dv01: print.dv01)
        let variance = blocks[index].variance(slot) + noise + staleness
        let innovation = seen + offset - mean
        let limit = parameters.largestInnovation * variance.squareRoot()
        let cut = min(max(innovation, -limit), limit)
        let moved = isNew ? 0 : updateGroups(cut, variance, print, block: index)
        if gains.count < blocks[index].count {
            gains = Array(repeating: 0, count: 2 * blocks[index].count)
        }
        blocks[index].update(
            IssuerBlock.Step(
                slot: slot, innovation: cut - moved, variance: variance, shift: moved,
                isCut: cut != innovation, identifier: identifier), gains: &gains)
        blocks[index].deviation.add(
            blocks[index].means[slot] - print.setting.prior, days: print.days, halfLife: 5)
        return Update(innovation: innovation, variance: variance)
    }

    /// Takes back what is left of a print in the log spreads of its issuer, where it is one of the
    /// last. What its groups learned stays, and so does how sure the filter is.
    public mutating func withdraw(bond: Int, identifier: Int) {
        blocks[Int(blockOfBond[bond])].withdraw(identifier)
    }

    /// Writes the whole state into an archive, or takes it from one that was made by a filter of the
    /// same bonds.
    /// - Returns: false where the archive belongs to another filter.
    public mutating func archive(_ archive: inout FilterArchive) -> Bool {
        for bond in slots.indices {
            var slot = Int(slots[bond])
            archive.pass(&slot)
            slots[bond] = Int32(truncatingIfNeeded: slot)
        }
        for index in blocks.indices { blocks[index].archive(&archive) }
        for index in ratingLevels.indices { ratingLevels[index].archive(&archive) }
        for index in sectorLevels.indices { sectorLevels[index].archive(&archive) }
        return slots.indices.allSatisfy { bond in
            let drivers = blocks[Int(blockOfBond[bond])].drivers
            return (-1..<blocks[Int(blockOfBond[bond])].count).contains(Int(slots[bond]))
                && (-1..<ratingLevels.count).contains(drivers.ratingGroup)
                && (-1..<sectorLevels.count).contains(drivers.sectorGroup)
        }
    }

    private mutating func enter(_ print: MarketPrint, block index: Int) {
        slots[print.bond] = Int32(blocks[index].count)
        blocks[index].enter(
            mean: print.setting.prior + Self.shrunk(blocks[index].deviation),
            variance: parameters.priorVariance, curveLoading: print.setting.curveLoading)
    }

    /// What a print says about the levels of its groups moves them and, through them, its block.
    /// - Returns: by how much the block moved.
    private mutating func updateGroups(
        _ innovation: Double, _ variance: Double, _ print: MarketPrint, block index: Int
    ) -> Double {
        let rating = ratingLevels[print.setting.ratingGroup].observe(
            innovation, variance: variance, days: print.days,
            dailyVariance: parameters.ratingVariance)
        let sector = sectorLevels[print.setting.sectorGroup].observe(
            innovation - rating, variance: variance, days: print.days,
            dailyVariance: parameters.sectorVariance)
        blocks[index].drivers.ratingLevel += rating
        blocks[index].drivers.sectorLevel += sector
        blocks[index].shift(rating + sector)
        return rating + sector
    }

    private func drivers(_ setting: BondSetting) -> IssuerBlock.Drivers {
        IssuerBlock.Drivers(
            isHighYield: setting.isHighYield, creditIndex: setting.creditIndex,
            ratingGroup: setting.ratingGroup,
            ratingLevel: ratingLevels[setting.ratingGroup].level,
            sectorGroup: setting.sectorGroup,
            sectorLevel: sectorLevels[setting.sectorGroup].level)
    }

    /// An issuer's deviation from its cohorts, less where few prints tell it.
    private static func shrunk(_ deviation: DecayedMean) -> Double {
        deviation.mean * deviation.weight / (deviation.weight + 1)
    }

    /// A spread in basis points, not below the least that is believed.
    private static func spread(_ logSpread: Double) -> Double { max(3, logSpread.exponential) }
}

/// What the bonds of a group share: a random walk seen through the innovations of their prints.
private struct GroupLevel: Sendable {
    var level = 0.0
    private var variance = 0.0
    private var days = Double.nan

    /// - Returns: by how much the level moved.
    mutating func observe(
        _ innovation: Double, variance noise: Double, days: Double, dailyVariance: Double
    ) -> Double {
        if self.days.isNaN { self.days = days }
        if days > self.days {
            variance += (days - self.days) * dailyVariance
            self.days = days
        }
        let gain = variance / (variance + noise)
        variance *= 1 - gain
        level += gain * innovation
        return gain * innovation
    }

    mutating func archive(_ archive: inout FilterArchive) {
        archive.pass(&level)
        archive.pass(&variance)
        archive.pass(&days)
    }
}
