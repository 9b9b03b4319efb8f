import FairValue

/// The last prints of every bond, out of which wrong ones are taken.
struct LastPrints {
    struct Entry {
        let time: Int64
        let days: Double
        let price: Double
        /// Basis points over the curve at execution.
        let spread: Double
        let identifier: Int
    }

    private var recent: [[Entry]]
    /// So many prints may be taken back in a row.
    private static let kept = 8

    init(bonds: Int) {
        recent = Array(repeating: [], count: bonds)
    }

    /// The print executed last of those that are known and hold; of equal ones the later reported.
    func last(bond: Int) -> Entry? { recent[bond].last }

    mutating func observe(_ print: SeenPrint) {
        let bond = print.view.bond
        let entry = Entry(
            time: print.time, days: print.view.moment.days, price: print.price,
            spread: print.quote.spread, identifier: print.identifier)
        let place = recent[bond].lastIndex { $0.time <= print.time }.map { $0 + 1 } ?? 0
        recent[bond].insert(entry, at: place)
        if recent[bond].count > Self.kept { recent[bond].removeFirst() }
    }

    mutating func withdraw(bond: Int, identifier: Int) {
        recent[bond].removeAll { $0.identifier == identifier }
    }
}

/// Last trade: the price of the bond's last print; evaluated: its spread over today's curve.
struct CarriedForecaster: Forecaster {
    private var prints: LastPrints
    private let carriesSpread: Bool

    init(bonds: Int, carriesSpread: Bool) {
        prints = LastPrints(bonds: bonds)
        self.carriesSpread = carriesSpread
    }

    mutating func observe(_ print: SeenPrint) { prints.observe(print) }

    mutating func withdraw(bond: Int, identifier: Int) {
        prints.withdraw(bond: bond, identifier: identifier)
    }

    func forecast(_ query: ForecastQuery, _ view: BondView) -> PointForecast? {
        guard let last = prints.last(bond: view.bond) else { return nil }
        let price = carriesSpread ? view.price(spread: last.spread) : last.price
        let age = view.moment.days - last.days
        return .price(
            price, scale: view.unit(price: price),
            staleness: age < 0.1 ? 0 : age < 1 ? 1 : age < 5 ? 2 : 3)
    }
}
