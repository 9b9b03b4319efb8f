/// Trades that were told twice: by both dealers, or by an agent for his customer too.
extension BondCleaner {
    /// Prices of the two reports of one trade that differ by no more than this are the same.
    private static let priceSlack = 0.010_001

    mutating func removeDoubles() {
        let order = sorted { SortKey(Int64($0.executionDay), $0.quantity.bits, $0.price.bits) }
            .filter { isTrade(Int($0)) }.map { Int($0) }
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, isEqual(order[start], order[end]) {
                end += 1
            }
            removeEqual(order[start..<end])
            if options.repeatedReports { removeRepeated(order[start..<end]) }
            start = end
        }
        removeNear(order)
        if options.freeAgency { removeAgency(order) }
    }

    /// Whether two reports are equal in day, quantity and price.
    private func isEqual(_ one: Int, _ other: Int) -> Bool {
        rows[one].executionDay == rows[other].executionDay
            && rows[one].quantity == rows[other].quantity && rows[one].price == rows[other].price
    }

    /// Among dealers' reports of equal day, quantity and price, purchases repeat the sales.
    private mutating func removeEqual(_ group: ArraySlice<Int>) {
        let sales = group.filter { rows[$0].contra == .dealer && rows[$0].side == .sell }
        let someSaleHolds = sales.contains { rows[$0].holds }
        for position in group where rows[position].contra == .dealer && rows[position].side == .buy
        {
            if rows[position].holds ? someSaleHolds : !sales.isEmpty {
                remove(position, in: .dealerDouble)
            } else {
                rows[position].marks.insert(.buyersReport)
            }
        }
    }

    /// Reports that repeat one of the minute before under another number.
    private mutating func removeRepeated(_ group: ArraySlice<Int>) {
        for index in group.indices.dropFirst() where isTrade(group[index]) {
            let row = rows[group[index]]
            let isRepeated = group[..<index].suffix(Self.reach).contains { other in
                let earlier = rows[other]
                return earlier.fate == .kept && earlier.execution == row.execution
                    && earlier.side == row.side && earlier.contra == row.contra
                    && earlier.dealer == row.dealer && earlier.marks == row.marks
                    && earlier.holds && row.holds && earlier.reference != row.reference
                    && abs(row.report - earlier.report) <= Self.repetitionTime
            }
            if isRepeated { remove(group[index], in: .repeated) }
        }
    }

    /// A minute, in nanoseconds.
    private static let repetitionTime: Int64 = 60_000_000_000

    /// Purchases whose price is off the sale's by rounding, at the very same time.
    private mutating func removeNear(_ order: [Int]) {
        for index in order.indices {
            let row = rows[order[index]]
            guard row.fate == .kept, row.marks.contains(.buyersReport) else { continue }
            func isSale(_ other: Int) -> Bool {
                let sale = rows[other]
                return sale.contra == .dealer && sale.side == .sell
                    && sale.execution == row.execution && sale.holds == row.holds
            }
            func isNear(_ other: Int) -> Bool {
                rows[other].executionDay == row.executionDay && rows[other].quantity == row.quantity
                    && abs(rows[other].price - row.price) <= Self.priceSlack
            }
            let before = order[..<index].reversed().prefix(Self.reach).prefix(while: isNear)
            let after = order[(index + 1)...].prefix(Self.reach).prefix(while: isNear)
            if before.contains(where: isSale) || after.contains(where: isSale) {
                remove(order[index], in: .dealerDouble)
            }
        }
    }

    /// How many neighbours are looked at, so that no file can make this slow.
    private static let reach = 50

    /// A customer's leg at the price and size of a trade between dealers, for no commission.
    private mutating func removeAgency(_ order: [Int]) {
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, isEqual(order[start], order[end]) {
                end += 1
            }
            let group = order[start..<end]
            let someDealerTrade = group.contains {
                rows[$0].contra == .dealer && rows[$0].fate == .kept
            }
            if someDealerTrade {
                for position in group
                where rows[position].contra == .customer
                    && rows[position].marks.contains(.freeAgency)
                {
                    remove(position, in: .agencyDouble)
                }
            }
            start = end
        }
    }
}

extension Double {
    /// A number that sorts as this one does, as long as both are positive.
    fileprivate var bits: Int64 { Int64(bitPattern: bitPattern) }
}
