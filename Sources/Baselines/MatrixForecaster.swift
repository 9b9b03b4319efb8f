import Bonds
import FairValue

/// Matrix pricing: the mean spread of comparable bonds over today's curve.
///
/// Comparable are bonds of the rating notch, sector and maturity bucket that traded in the last five
/// days, each with the spread of its last print; never the bond itself. Where there are fewer than
/// three, the sector is given up, then the notch for the nearest one. The mean is that of the
/// logarithms, so one distressed name does not rule it.
/// Source: Trumid Labs, Fair Value Model Price (2017), section 2.
struct MatrixForecaster: Forecaster {
    private var fine: Cells
    private var coarse: Cells
    private let sectors: [Int]
    private let sectorCount: Int
    private var prints: LastPrints
    private var contributions: [Contribution?]
    /// Contributions in the order in which they grow old.
    private var ages: [(bond: Int, days: Double)] = []
    private var oldest = 0

    private static let notches = 23
    private static let buckets = 7
    private static let fewest = 3
    private static let daysKept = 5.0

    private struct Contribution {
        let fine: Int
        let coarse: Int
        let logSpread: Double
        let days: Double
    }

    /// Sums and counts of log spreads.
    private struct Cells {
        var sums: [Double]
        var counts: [Int]

        init(_ count: Int) {
            sums = Array(repeating: 0, count: count)
            counts = Array(repeating: 0, count: count)
        }

        mutating func add(_ value: Double, to cell: Int, times: Int) {
            sums[cell] += Double(times) * value
            counts[cell] += times
        }

        /// The mean of a cell without one value that is in it; nil where too few are left.
        func mean(_ cell: Int, without own: Double?, fewest: Int) -> Double? {
            let count = counts[cell] - (own == nil ? 0 : 1)
            return count >= fewest ? (sums[cell] - (own ?? 0)) / Double(count) : nil
        }
    }

    init(_ bonds: BondTable) {
        let names = Set(bonds.rows.map(\.sector)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        sectors = bonds.rows.map { numbers[$0.sector] ?? 0 }
        sectorCount = names.count
        fine = Cells(Self.notches * Self.buckets * sectorCount)
        coarse = Cells(Self.notches * Self.buckets)
        prints = LastPrints(bonds: bonds.rows.count)
        contributions = Array(repeating: nil, count: bonds.rows.count)
    }

    mutating func observe(_ print: SeenPrint) {
        prints.observe(print)
        let view = print.view
        guard prints.last(bond: view.bond)?.identifier == print.identifier else { return }
        remove(view.bond)
        let coarseCell = Self.cell(view)
        let contribution = Contribution(
            fine: coarseCell * sectorCount + sectors[view.bond], coarse: coarseCell,
            logSpread: max(print.quote.spread, BondView.leastSpread).logarithm,
            days: view.moment.days)
        add(contribution, times: 1)
        contributions[view.bond] = contribution
        ages.append((view.bond, contribution.days))
        expire(view.moment.days)
    }

    mutating func withdraw(bond: Int, identifier: Int) {
        let wasLast = prints.last(bond: bond)?.identifier == identifier
        prints.withdraw(bond: bond, identifier: identifier)
        // Its cells wait for the bond's next print.
        if wasLast { remove(bond) }
    }

    mutating func forecast(_ query: ForecastQuery, _ view: BondView) -> PointForecast? {
        expire(view.moment.days)
        let price = view.price(spread: logSpread(view).exponential)
        return .price(price, scale: view.unit(price: price))
    }

    /// The mean log spread of a bond's comparables; the credit index where nothing has traded.
    private func logSpread(_ view: BondView) -> Double {
        let cell = Self.cell(view)
        let own = contributions[view.bond]
        let fineCell = cell * sectorCount + sectors[view.bond]
        if let mean = fine.mean(
            fineCell, without: own?.fine == fineCell ? own?.logSpread : nil, fewest: Self.fewest)
        {
            return mean
        }
        let notch = cell / Self.buckets
        for distance in 0..<Self.notches {
            for near in distance == 0 ? [notch] : [notch - distance, notch + distance]
            where (0..<Self.notches).contains(near) {
                let place = near * Self.buckets + cell % Self.buckets
                if let mean = coarse.mean(
                    place, without: own?.coarse == place ? own?.logSpread : nil,
                    fewest: Self.fewest)
                {
                    return mean
                }
            }
        }
        return view.creditIndex
    }

    private mutating func add(_ contribution: Contribution, times: Int) {
        fine.add(contribution.logSpread, to: contribution.fine, times: times)
        coarse.add(contribution.logSpread, to: contribution.coarse, times: times)
    }

    private mutating func remove(_ bond: Int) {
        guard let contribution = contributions[bond] else { return }
        add(contribution, times: -1)
        contributions[bond] = nil
    }

    /// Takes out what is too old.
    private mutating func expire(_ now: Double) {
        while oldest < ages.count, ages[oldest].days < now - Self.daysKept {
            let (bond, days) = ages[oldest]
            if contributions[bond]?.days == days { remove(bond) }
            oldest += 1
        }
        if oldest > 1 << 16 {
            ages.removeFirst(oldest)
            oldest = 0
        }
    }

    /// The notch, no rating last, and the maturity bucket.
    private static func cell(_ view: BondView) -> Int {
        let bounds = [1.5, 3, 5, 7, 10, 15]
        let bucket = bounds.firstIndex { view.years < $0 } ?? bounds.count
        return (view.rating?.notch ?? notches - 1) * buckets + bucket
    }
}
