/// How large the innovations of a class and of each bond lately were, over what the filter expects:
/// by this factor its variances are too small.
public struct InnovationScales: Sendable {
    private var classes = [ClassScale(), ClassScale()]
    private var bonds: [DecayedMean]

    /// A bond's own scale counts like so many prints of the class at first.
    private static let bondPrior = 15.0
    private static let bondHalfLife = 20.0
    private static let largestSquare = 9.0

    public init(bonds count: Int) {
        bonds = Array(repeating: DecayedMean(), count: count)
    }

    /// The factor of a class.
    public func scale(isHighYield: Bool) -> Double { classes[isHighYield ? 1 : 0].value }

    /// The factor of a bond over that of its class.
    public func scale(bond: Int) -> Double {
        let own = bonds[bond]
        return (Self.bondPrior + own.weight * own.mean) / (Self.bondPrior + own.weight)
    }

    /// Takes in what a print told the filter. A bond's first print tells of the prior, not of the
    /// noise, and does not belong here.
    public mutating func observe(
        _ update: MarketFilter.Update, bond: Int, isHighYield: Bool, days: Double
    ) {
        let index = isHighYield ? 1 : 0
        let square = update.innovation * update.innovation / update.variance
        let relative = square / classes[index].value
        classes[index].add(min(square, Self.largestSquare), days: days)
        bonds[bond].add(min(relative, Self.largestSquare), days: days, halfLife: Self.bondHalfLife)
    }

    /// Writes the state into an archive, or takes it from one.
    public mutating func archive(_ archive: inout FilterArchive) {
        for index in classes.indices { classes[index].archive(&archive) }
        for index in bonds.indices { bonds[index].archive(&archive) }
    }
}

/// The size of a class's innovations over what the filter expects: of half a day, leaning on that of
/// a month.
private struct ClassScale: Sendable {
    private var recent = DecayedMean()
    private var usual = DecayedMean()

    var value: Double {
        let usual = (50 + usual.weight * usual.mean) / (50 + usual.weight)
        return (50 * usual + recent.weight * recent.mean) / (50 + recent.weight)
    }

    mutating func add(_ square: Double, days: Double) {
        recent.add(square, days: days, halfLife: 0.5)
        usual.add(square, days: days, halfLife: 20)
    }

    mutating func archive(_ archive: inout FilterArchive) {
        recent.archive(&archive)
        usual.archive(&archive)
    }
}
