import Bonds
import FairValue
import Files
import Tape

/// Fits the Kalman filter on the training days of a market folder.
struct KalmanTraining {
    let job: BaselineJob
    let bonds: BondTable
    let plan: QueryPlan

    /// So many prints are enough for the parameters; they are those of whole issuers.
    private static let enough = 40_000
    private static let fewest = 500

    /// - Parameter progress: called with prints read, then with steps of the fit and its loss.
    func run(progress: (BaselinePhase) throws -> Void) throws -> KalmanFit.Result {
        let settings = BondSettings(bonds)
        let taken = issuers(settings)
        var learning = settings
        var view = try MarketView(market: job.market, bonds: bonds)
        var prints: [MarketPrint] = []
        var replay = try MarketReplay(market: job.market, bonds: bonds)
        var events = 0
        while let event = try replay.next(), event.time < plan.trainingEnd {
            events += 1
            if events % 4096 == 0 { try progress(.reading(events)) }
            switch event {
            case .treasury(let row): view.append(row)
            case .market(let row): view.append(row)
            case .reported(let trade, let bond):
                // What is known to be wrong when training ends teaches nothing.
                guard taken.contains(settings.groups.blocks[bond]),
                    trade.withdrawnTime >= plan.trainingEnd,
                    let print = view.print(trade, bond: bond)
                else { continue }
                prints.append(learning.print(print))
                learning.learn(print)
            case .rating, .withdrawn: break
            }
        }
        let fit = KalmanFit(
            prints: prints, blocks: settings.groups.blocks,
            ratingGroups: KalmanGroups.ratingGroups, sectorGroups: settings.groups.sectorGroups)
        guard fit.count >= Self.fewest else {
            throw FileError(
                .badData, file: job.market,
                "too few trades up to \(plan.trainTo) to fit the Kalman filter",
                expected: "at least \(Self.fewest) of bonds that traded before",
                found: "\(fit.count)",
                advice: "Give a later --train-to, or --parameters that were fitted elsewhere")
        }
        return try fit.run { try progress(.fitting(step: $0, loss: $1)) }
    }

    /// Issuers, in an order that has nothing to do with their bonds, until there are enough prints.
    private func issuers(_ settings: BondSettings) -> Set<Int> {
        var prints: [Int: Int] = [:]
        for (bond, count) in plan.trainingPrints.enumerated() {
            prints[settings.groups.blocks[bond], default: 0] += count
        }
        var taken: Set<Int> = []
        var total = 0
        // Multiplication by an odd number permutes the numbers of the issuers.
        let order = prints.keys.sorted {
            (UInt64($0) &* 0x9E37_79B9_7F4A_7C15) < (UInt64($1) &* 0x9E37_79B9_7F4A_7C15)
        }
        for issuer in order where total < Self.enough {
            taken.insert(issuer)
            total += prints[issuer] ?? 0
        }
        return taken
    }
}
