import FairValue
import Foundation
import Testing

@Suite struct MarketFilterTests {
    /// A world without outliers, groups or sizes that depend on the spread.
    private static let linear: KalmanParameters = {
        var parameters = KalmanParameters()
        parameters.ratingVariance = 0
        parameters.sectorVariance = 0
        parameters.halfSpread.fixed = 0
        parameters.halfSpread.perDV01 = 0
        parameters.halfSpread.perSpread = 0.02
        parameters.noise.fixed = 0
        parameters.noise.perDV01 = 0
        parameters.noise.perSpread = 0.03
        parameters.largestInnovation = 1e9
        return parameters
    }()

    private func setting(_ bond: Int, index: Double) -> BondSetting {
        BondSetting(
            isHighYield: false, creditIndex: index, ratingGroup: 0, sectorGroup: 0,
            curveLoading: [-0.7, 0.2, 1.4, 0][bond], prior: 4.5 + 0.1 * Double(bond))
    }

    /// Protects `PrintEffects`: what a print did to all bonds of its issuer is followed.
    @Test("A print that is taken back leaves the whole issuer where it would have been")
    func withdrawnFromAll() {
        func run(mistake: Double?, withdrawn: Int?, restored: Bool = false) -> [Double] {
            let empty = MarketFilter(
                Self.linear, blocks: [0, 0, 0, 1], ratingGroups: 1, sectorGroups: 1)
            var filter = empty
            var normals = Normals(seed: 5)
            for number in 1...24 {
                let bond = [0, 1, 2, 3, 1, 0][number % 6]
                let days = 1 + Double(number / 3)
                var print = MarketPrint(
                    bond: bond, days: days, setting: setting(bond, index: 0),
                    logSpread: 4.5 + 0.1 * normals.next(), dv01: 0.05,
                    trade: TradeTraits(side: 0, quantity: 1e6, isATS: false))
                if number == 7 {
                    // A print of what is expected changes no mean.
                    print.logSpread =
                        filter.predicted(bond: bond, days: days, setting: print.setting).logSpread
                        + (mistake ?? 0)
                }
                filter.observe(print, identifier: number)
            }
            if restored {
                var archive = FilterArchive()
                _ = filter.archive(&archive)
                var reading = FilterArchive(reading: archive.words)
                filter = empty
                let fits = filter.archive(&reading)
                #expect(fits && reading.isComplete)
            }
            if let withdrawn { filter.withdraw(bond: 1, identifier: withdrawn) }
            return (0..<4).map {
                filter.predicted(bond: $0, days: 9, setting: setting($0, index: 0)).logSpread
            }
        }
        let right = run(mistake: nil, withdrawn: nil)
        let wrong = run(mistake: 2, withdrawn: nil)
        let taken = run(mistake: 2, withdrawn: 7)
        for bond in 0..<3 {
            #expect(abs(wrong[bond] - right[bond]) > 0.01)
            #expect(abs(taken[bond] - right[bond]) < 1e-12)
        }
        #expect(wrong[3] == right[3])
        #expect(run(mistake: 2, withdrawn: 99) == wrong)
        #expect(run(mistake: 2, withdrawn: 7, restored: true) == taken)
    }

    @Test("Parameters come back from their names, and not from others")
    func constants() {
        var parameters = KalmanParameters()
        parameters.noise.fixed = 0.125
        parameters.largestInnovation = 4
        // As a fit gives them: every digit counts, or a checkpoint would not know its market.
        parameters.bondVariance = 0.0001879852370524075
        parameters.halfSpread.ats = -0.5406720592282904
        let constants = parameters.constants
        #expect(constants["noise.fixed"] == 0.125)
        #expect(constants["largestInnovation"] == 4)
        #expect(constants["bondVariance"] == 0.0001879852370524075)
        #expect(constants["halfSpread.ats"] == -0.5406720592282904)
        #expect(KalmanParameters(constants: constants) == parameters)
        #expect(KalmanParameters(constants: constants.filter { $0.key != "noise.fixed" }) == nil)
        #expect(KalmanParameters(constants: constants.merging(["more": 1]) { $1 }) == nil)
    }

    /// Protects the joint filter against the definition: the conditional mean and variance of a
    /// Gaussian vector given all observations at once.
    @Test("The filter is the conditional expectation")
    func definition() {
        let parameters = Self.linear
        let issuers = [0, 0, 0, 1]
        var filter = MarketFilter(
            parameters, blocks: issuers, ratingGroups: 1, sectorGroups: 1)
        var normals = Normals(seed: 11)
        struct Seen {
            let bond: Int
            let days: Double
            let value: Double
            let noise: Double
        }
        var seen: [Seen] = []
        var entries: [Int: (days: Double, mean: Double, index: Double)] = [:]
        var days = 0.0
        var index = 4.6
        for _ in 0..<60 {
            days += 0.2 * normals.uniform()
            index += 0.02 * normals.next()
            let bond = min(3, Int(4 * normals.uniform()))
            let setting = setting(bond, index: index)
            let trade = TradeTraits(
                side: (3 * normals.uniform()).rounded(.down) - 1,
                quantity: pow(10, 4 + 3 * normals.uniform()), isATS: normals.uniform() < 0.3)
            if entries[bond] == nil {
                let prior = filter.predicted(bond: bond, days: days, setting: setting)
                #expect(prior.variance == parameters.priorVariance)
                entries[bond] = (days, prior.logSpread, index)
            }
            let print = MarketPrint(
                bond: bond, days: days, setting: setting, logSpread: 4.5 + 0.2 * normals.next(),
                dv01: 0.05, trade: trade)
            let (offset, noise) = parameters.observation(trade, spread: 90, dv01: 0.05)
            filter.observe(print)
            seen.append(
                Seen(bond: bond, days: days, value: print.logSpread + offset, noise: noise))
        }
        func covariance(_ i: Int, _ s: Double, _ j: Int, _ t: Double) -> Double {
            guard issuers[i] == issuers[j], let first = entries[i], let second = entries[j] else {
                return 0
            }
            let together = max(0, min(s, t) - max(first.days, second.days))
            let loadings =
                setting(i, index: 0).curveLoading * setting(j, index: 0).curveLoading
            let common = parameters.issuerVariance + parameters.issuerCurveVariance * loadings
            return together * (common + (i == j ? parameters.bondVariance : 0))
                + (i == j ? parameters.priorVariance : 0)
        }
        // The index moves means only: at each observation it is what it was then.
        func mean(_ bond: Int, _ index: Double) -> Double {
            guard let entry = entries[bond] else { return .nan }
            return entry.mean + parameters.creditLoading * (index - entry.index)
        }
        var indexThen: [Double] = []
        var replay = Normals(seed: 11)
        var walked = 4.6
        for _ in seen {
            _ = replay.uniform()
            walked += 0.02 * replay.next()
            for _ in 0..<4 { _ = replay.uniform() }
            _ = replay.next()
            indexThen.append(walked)
        }
        let matrix = seen.indices.map { row in
            seen.indices.map { column in
                covariance(seen[row].bond, seen[row].days, seen[column].bond, seen[column].days)
                    + (row == column ? seen[row].noise : 0)
            }
        }
        let rest = seen.indices.map { seen[$0].value - mean(seen[$0].bond, indexThen[$0]) }
        let later = days + 0.7
        for bond in 0..<4 {
            let cross = seen.map { covariance(bond, later, $0.bond, $0.days) }
            let weights = solve(matrix, cross)
            let expected =
                mean(bond, 4.9) + zip(weights, rest).map { $0 * $1 }.reduce(0, +)
            let variance =
                covariance(bond, later, bond, later)
                - zip(weights, cross).map { $0 * $1 }.reduce(0, +)
            let found = filter.predicted(
                bond: bond, days: later, setting: setting(bond, index: 4.9))
            #expect(abs(found.logSpread - expected) < 1e-9)
            #expect(abs(found.variance - variance) < 1e-9)
        }
    }

    /// Gaussian elimination with pivots.
    private func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var rows = zip(matrix, right).map { $0 + [$1] }
        for pivot in rows.indices {
            let best = (pivot..<rows.count).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) }
            rows.swapAt(pivot, best ?? pivot)
            for row in rows.indices where row != pivot {
                let factor = rows[row][pivot] / rows[pivot][pivot]
                for column in pivot...rows.count {
                    rows[row][column] -= factor * rows[pivot][column]
                }
            }
        }
        return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    }

    @Test("A print that is taken back leaves its bond where it would have been")
    func withdrawal() {
        let parameters = Self.linear
        func filter(withMistake: Bool) -> MarketFilter {
            var filter = MarketFilter(
                parameters, blocks: [0], ratingGroups: 1, sectorGroups: 1)
            for (place, value) in [4.5, 4.52, 6, 4.48, 4.51].enumerated() {
                var print = MarketPrint(
                    bond: 0, days: Double(place) / 10, setting: setting(0, index: 4.6),
                    logSpread: value, dv01: 0.05,
                    trade: TradeTraits(side: 0, quantity: 1e6, isATS: false))
                // A print of what is expected changes no mean.
                if value == 6, !withMistake {
                    print.logSpread =
                        filter.predicted(bond: 0, days: print.days, setting: print.setting)
                        .logSpread
                }
                filter.observe(print, identifier: place + 1)
            }
            return filter
        }
        var mistaken = filter(withMistake: true)
        let right = filter(withMistake: false)
        let now = setting(0, index: 4.6)
        let expected = right.predicted(bond: 0, days: 1, setting: now).logSpread
        #expect(
            mistaken.predicted(bond: 0, days: 1, setting: now).logSpread - expected > 0.01)
        mistaken.withdraw(bond: 0, identifier: 3)
        #expect(
            abs(mistaken.predicted(bond: 0, days: 1, setting: now).logSpread - expected)
                < 1e-12)
        // Once is enough.
        mistaken.withdraw(bond: 0, identifier: 3)
        #expect(
            abs(mistaken.predicted(bond: 0, days: 1, setting: now).logSpread - expected)
                < 1e-12)
    }

    @Test("A bond learns from its issuer's and its sector's other bonds")
    func relatedBonds() {
        var parameters = Self.linear
        parameters.sectorVariance = 2e-3
        var filter = MarketFilter(
            parameters, blocks: [0, 0, 1, 2], ratingGroups: 1, sectorGroups: 2)
        func at(_ bond: Int) -> BondSetting {
            var setting = setting(bond, index: 4.6)
            setting.sectorGroup = bond == 3 ? 1 : 0
            return setting
        }
        func print(_ bond: Int, _ days: Double, _ value: Double) -> MarketPrint {
            MarketPrint(
                bond: bond, days: days, setting: at(bond), logSpread: value, dv01: 0.05,
                trade: TradeTraits(side: 0, quantity: 1e6, isATS: false))
        }
        for bond in [0, 1, 2, 3, 0, 1, 2, 3] { filter.observe(print(bond, 0, 4.6)) }
        let before = (0..<4).map {
            filter.predicted(bond: $0, days: 1, setting: at($0)).logSpread
        }
        filter.observe(print(0, 1, 4.7))
        let moves = (0..<4).map {
            filter.predicted(bond: $0, days: 1, setting: at($0)).logSpread - before[$0]
        }
        #expect(moves[0] > moves[1])
        #expect(moves[1] > moves[2])
        #expect(moves[2] > 0.001)
        #expect(moves[3] == 0)
    }

    @Test("The fit finds the parameters of its own world")
    func fit() throws {
        let truth = Self.linear
        let issuers = (0..<60).map { $0 / 3 }
        var prints: [MarketPrint] = []
        var normals = Normals(seed: 5)
        var levels = [Double](repeating: 4.6, count: issuers.count)
        var days = 0.0
        for _ in 0..<12_000 {
            let step = 0.01 * normals.uniform()
            days += step
            let moves = (0..<20).map { _ in
                (step * truth.issuerVariance).squareRoot() * normals.next()
            }
            for bond in levels.indices {
                levels[bond] +=
                    moves[issuers[bond]]
                    + (step * truth.bondVariance).squareRoot() * normals.next()
            }
            let bond = min(levels.count - 1, Int(Double(levels.count) * normals.uniform()))
            let trade = TradeTraits(
                side: (3 * normals.uniform()).rounded(.down) - 1,
                quantity: pow(10, 4 + 3 * normals.uniform()), isATS: normals.uniform() < 0.3)
            let (offset, noise) = truth.observation(trade, spread: 100, dv01: 0.05)
            prints.append(
                MarketPrint(
                    bond: bond, days: days,
                    setting: BondSetting(
                        isHighYield: false, creditIndex: 4.6, ratingGroup: 0, sectorGroup: 0,
                        curveLoading: 0, prior: 4.6),
                    logSpread: levels[bond] - offset + noise.squareRoot() * normals.next(),
                    dv01: 0.05, trade: trade))
        }
        let fit = KalmanFit(prints: prints, blocks: issuers, ratingGroups: 1, sectorGroups: 1)
        let found = try fit.run(from: KalmanParameters()).parameters
        let fromTruth = try fit.run(from: truth, largestSteps: 0).loss
        #expect(try fit.run(from: found, largestSteps: 0).loss < fromTruth + 0.002)
        // All variances share a factor, since the likelihood has fat tails; ratios do not know it.
        let ratio =
            (found.issuerVariance / found.bondVariance)
            / (truth.issuerVariance / truth.bondVariance)
        #expect(abs(log(ratio)) < 0.5)
        let trade = TradeTraits(side: 1, quantity: 1e5, isATS: false)
        let expected = truth.observation(trade, spread: 100, dv01: 0.05)
        let offset = found.observation(trade, spread: 100, dv01: 0.05)
        #expect(abs(offset.offset / expected.offset - 1) < 0.1)
    }
}
