/// The bonds of one issuer that have traded: a joint Gaussian of their log spreads.
struct IssuerBlock: Sendable {
    /// Means of the log spreads, in the order in which the bonds came.
    private(set) var means: [Double] = []
    /// ln(years / 5), on which the issuer's curve acts.
    private(set) var curveLoadings: [Double] = []
    /// Shape: `[capacity, capacity]`, of which the first `means.count` rows and columns count.
    private var covariance: [Double] = []
    private var capacity = 0
    private var effects = PrintEffects()
    /// As of when, in trading days.
    var days = Double.nan
    /// The levels of what the means follow, as of then.
    var drivers = Drivers()
    /// By how much the issuer's bonds lie above what their cohorts suggest.
    var deviation = DecayedMean()

    var count: Int { means.count }

    /// What moves all means of a block alike, by level.
    struct Drivers: Sendable, Hashable {
        var isHighYield = false
        var creditIndex = 0.0
        var ratingGroup = -1
        var ratingLevel = 0.0
        var sectorGroup = -1
        var sectorLevel = 0.0

        /// By how much log spreads moved to later levels; a change of group or class is no move.
        @inline(__always)
        func move(to later: Drivers, _ parameters: KalmanParameters) -> Double {
            var move = 0.0
            if isHighYield == later.isHighYield {
                move +=
                    (isHighYield
                        ? parameters.highYieldCreditLoading : parameters.creditLoading)
                    * (later.creditIndex - creditIndex)
            }
            if ratingGroup == later.ratingGroup { move += later.ratingLevel - ratingLevel }
            if sectorGroup == later.sectorGroup { move += later.sectorLevel - sectorLevel }
            return move
        }

        mutating func archive(_ archive: inout FilterArchive) {
            archive.pass(&isHighYield)
            archive.pass(&creditIndex)
            archive.pass(&ratingGroup)
            archive.pass(&ratingLevel)
            archive.pass(&sectorGroup)
            archive.pass(&sectorLevel)
        }
    }

    /// The variance that a bond's log spread gains in a day.
    @inline(__always)
    func dailyVariance(_ slot: Int, _ parameters: KalmanParameters) -> Double {
        let loading = curveLoadings[slot]
        return (drivers.isHighYield ? parameters.highYieldShare : 1)
            * (parameters.issuerVariance + parameters.issuerCurveVariance * loading * loading
                + parameters.bondVariance)
    }

    @inline(__always)
    func variance(_ slot: Int) -> Double { covariance[slot * capacity + slot] }

    /// Adds a bond about which nothing but a prior is known.
    mutating func enter(mean: Double, variance: Double, curveLoading: Double) {
        if count == capacity { grow() }
        means.append(mean)
        curveLoadings.append(curveLoading)
        let slot = count - 1
        for other in 0...slot {
            covariance[slot * capacity + other] = 0
            covariance[other * capacity + slot] = 0
        }
        covariance[slot * capacity + slot] = variance
    }

    private mutating func grow() {
        let wider = max(4, 2 * capacity)
        var larger = [Double](repeating: 0, count: wider * wider)
        for row in 0..<count {
            for column in 0..<count {
                larger[row * wider + column] = covariance[row * capacity + column]
            }
        }
        covariance = larger
        effects.widen(from: capacity, to: wider)
        capacity = wider
    }

    /// Moves all means.
    mutating func shift(_ move: Double) {
        for slot in means.indices { means[slot] += move }
    }

    /// Lets time pass.
    mutating func advance(by elapsed: Double, _ parameters: KalmanParameters) {
        let scale = elapsed * (drivers.isHighYield ? parameters.highYieldShare : 1)
        let common = scale * parameters.issuerVariance
        let curve = scale * parameters.issuerCurveVariance
        let own = scale * parameters.bondVariance
        let count = count
        let capacity = capacity
        covariance.withUnsafeMutableBufferPointer { covariance in
            curveLoadings.withUnsafeBufferPointer { loadings in
                for row in 0..<count {
                    let weight = curve * loadings[row]
                    for column in 0..<count {
                        covariance[row * capacity + column] += common + weight * loadings[column]
                    }
                    covariance[row * capacity + row] += own
                }
            }
        }
    }

    /// What a print says.
    struct Step {
        var slot: Int
        /// What is left of the innovation for the issuer, and the variance of all of it.
        var innovation: Double
        var variance: Double
        /// By how much the print has moved all means already, through its groups.
        var shift: Double
        /// Whether the innovation was cut, so that it does not depend on the means.
        var isCut: Bool
        var identifier: Int
    }

    /// Takes in a print.
    /// - Parameter gains: room for as many numbers as the block has bonds.
    mutating func update(_ step: Step, gains: inout [Double]) {
        let count = count
        let capacity = capacity
        let slot = step.slot
        let innovation = step.innovation
        let factor = 1 / step.variance
        covariance.withUnsafeMutableBufferPointer { covariance in
            gains.withUnsafeMutableBufferPointer { gains in
                for row in 0..<count { gains[row] = covariance[slot * capacity + row] }
                for row in 0..<count {
                    let gain = gains[row] * factor
                    means[row] += gain * innovation
                    for column in 0..<count {
                        covariance[row * capacity + column] -= gain * gains[column]
                    }
                }
                for row in 0..<count { gains[row] *= factor }
            }
        }
        effects.add(step, gains: gains, count: count, width: capacity)
    }

    mutating func archive(_ archive: inout FilterArchive) {
        let count = archive.passCount(means.count)
        capacity = archive.passCount(capacity)
        if archive.isReading {
            means = Array(repeating: 0, count: count)
            curveLoadings = means
            covariance = Array(repeating: 0, count: capacity * capacity)
        }
        for slot in 0..<count {
            archive.pass(&means[slot])
            archive.pass(&curveLoadings[slot])
            for other in 0..<count { archive.pass(&covariance[slot * capacity + other]) }
        }
        effects.archive(&archive, width: capacity)
        archive.pass(&days)
        drivers.archive(&archive)
        deviation.archive(&archive)
    }

    /// Takes back what is left of a print, where it is one of the last.
    mutating func withdraw(_ identifier: Int) {
        effects.remove(identifier, from: &means, width: capacity)
    }
}
