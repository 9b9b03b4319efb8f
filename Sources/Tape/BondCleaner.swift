/// Cleans the reports of one bond: every rule compares reports of the same bond only, so bonds are
/// cleaned independently of each other.
///
/// The order of the steps is Dick-Nielsen's ("How to Clean Enhanced TRACE Data", 2014): first what
/// does not hold, then what was told twice, then the filters, then prices, then pieces of one trade.
struct BondCleaner {
    let options: CleaningOptions
    /// Tells prints whose price is a mistake; nil for none of that.
    let badPrints: BadPrintClassifier?
    /// The bond's last day and size, as far as they are known.
    let bond: BondFacts?
    /// The reports in the order of the files.
    var rows: [TraceReport]
    /// The row of each report in the whole import.
    let numbers: [Int32]
    var tally: CleaningTally

    /// Positions in `rows`, sorted by reference number.
    var byReference: [Int32] = []

    mutating func clean() {
        byReference = sorted { SortKey($0.reference) }
        removeDuplicates()
        applyCancels()
        applyCorrections()
        applyReversals()
        applyHistoricCancels()
        applyHistoricCorrections()
        applyHistoricReversals()
        removeDoubles()
        filter()
        let order = sorted { SortKey($0.execution, $0.report) }
            .filter { rows[Int($0)].fate == .kept }
        if options.decimalShift { repairDecimals(order) }
        if options.bounceBack { withdrawBounces(order) }
        if let badPrints { withdrawBadPrints(order, by: badPrints) }
        if options.aggregate { aggregate(order) }
    }

    /// Positions in an order; equal reports keep that of the files.
    func sorted(by key: (TraceReport) -> SortKey) -> [Int32] {
        // Keys of their own: reports are too large to be moved about while comparing.
        let keys = rows.indices.map { (key: key(rows[$0]), position: Int32($0)) }
        return keys.sorted { first, second in
            first.key == second.key
                ? first.position < second.position : first.key < second.key
        }.map(\.position)
    }

    /// Whether a report is a trade that is still in the tape.
    func isTrade(_ position: Int) -> Bool {
        rows[position].fate == .kept && rows[position].status.isTrade
    }

    mutating func remove(_ position: Int, in step: CleaningStep) {
        rows[position].fate = step
        tally.note(step, .removed, row: numbers[position])
    }

    /// Marks a trade as not holding since a report told so.
    mutating func withdraw(_ position: Int, at time: Int64, in step: CleaningStep) {
        rows[position].withdrawn = max(time, rows[position].report)
        tally.note(step, .changed, row: numbers[position])
    }

    /// The trades with a reference number, in the order of the files.
    func trades(reference: Int64) -> some Sequence<Int> {
        var low = 0
        var high = byReference.count
        while low < high {
            let middle = (low + high) / 2
            if rows[Int(byReference[middle])].reference < reference {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return byReference[low...].lazy.map { Int($0) }
            .prefix { rows[$0].reference == reference }.filter { isTrade($0) }
    }

    private mutating func removeDuplicates() {
        for index in byReference.indices.dropFirst() {
            let (first, second) = (Int(byReference[index - 1]), Int(byReference[index]))
            // A record that repeats the one before in all that is kept of it.
            let (one, other) = (rows[first], rows[second])
            guard one.reference == other.reference, one.status == other.status,
                one.report == other.report, one.execution == other.execution,
                one.quantity == other.quantity, one.price == other.price, one.side == other.side,
                one.contra == other.contra, one.dealer == other.dealer,
                one.priorReference == other.priorReference, one.marks == other.marks,
                one.reference >= 0
            else { continue }
            remove(second, in: .duplicate)
        }
    }

    private mutating func filter() {
        for position in rows.indices where rows[position].fate == .kept {
            if let step = reason(rows[position]) { remove(position, in: step) }
        }
    }

    /// The first filter that a trade does not pass, nil where it passes all.
    private func reason(_ row: TraceReport) -> CleaningStep? {
        if options.whenIssued, row.marks.contains(.whenIssued) { return .whenIssued }
        if options.lockedIn, row.marks.contains(.lockedIn) { return .lockedIn }
        if options.specialPrice, row.marks.contains(.specialPrice) { return .specialPrice }
        if options.specialCondition, row.marks.contains(.specialCondition) {
            return .specialCondition
        }
        if options.primaryMarket, row.marks.contains(.primaryMarket) { return .primaryMarket }
        if options.affiliate, row.contra == .affiliate { return .affiliate }
        if options.asOf, row.marks.contains(.asOf) { return .asOf }
        if let days = options.settlementDays, row.settlementDay != .min,
            Int(row.settlementDay) - Int(row.executionDay) > days
        {
            return .settlement
        }
        // The decimal point is repaired later: a price of 1,015 for 101.5 is not out of range.
        if let prices = options.prices, !isPlausible(row.price, within: prices) { return .price }
        if !(row.quantity >= options.minimumQuantity) { return .quantity }
        if options.yieldAsPrice, row.price == row.yield { return .yieldAsPrice }
        if options.matured, let maturity = bond?.maturity, Int(row.executionDay) > maturity {
            return .matured
        }
        if let share = options.offeringShare, let offering = bond?.offering,
            row.quantity > share * offering
        {
            return .offering
        }
        return nil
    }

    private func isPlausible(_ price: Double, within prices: ClosedRange<Double>) -> Bool {
        let highest = prices.upperBound * (options.decimalShift ? 100 : 1)
        return price > prices.lowerBound && price <= highest
    }
}

/// Up to three whole numbers to sort by; doubles above zero go by their bits, which ascend as they.
struct SortKey: Comparable {
    let first: Int64
    let second: Int64
    let third: Int64

    init(_ first: Int64, _ second: Int64 = 0, _ third: Int64 = 0) {
        (self.first, self.second, self.third) = (first, second, third)
    }

    @inline(__always)
    static func < (one: SortKey, other: SortKey) -> Bool {
        if one.first != other.first { return one.first < other.first }
        if one.second != other.second { return one.second < other.second }
        return one.third < other.third
    }
}

/// What cleaning has to know of a bond.
struct BondFacts: Sendable {
    var figi: String?
    /// Days since 1970-01-01.
    var maturity: Int?
    /// In dollars of par.
    var offering: Double?
}
