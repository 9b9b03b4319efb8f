/// Pieces of one trade become one: equal bond, time, side and ATS (AXOR's rule).
extension BondCleaner {
    /// Quantities add up, price and yield are weighted by quantity, the trade is known when its
    /// last piece is. Prints that were withdrawn stay apart, each with its own row.
    mutating func aggregate(_ order: [Int32]) {
        let trades = order.map { Int($0) }.filter { rows[$0].fate == .kept && rows[$0].holds }
        var start = 0
        while start < trades.count {
            var end = start + 1
            while end < trades.count,
                rows[trades[end]].execution == rows[trades[start]].execution
            {
                end += 1
            }
            if end - start > 1 {
                let sameTime = trades[start..<end].sorted { first, second in
                    let (one, other) = (key(first), key(second))
                    return one == other ? first < second : one < other
                }
                var leader = 0
                for index in 1...sameTime.count
                where index == sameTime.count || key(sameTime[index]) != key(sameTime[leader]) {
                    if index - leader > 1 { merge(sameTime[leader..<index]) }
                    leader = index
                }
            }
            start = end
        }
    }

    private func key(_ position: Int) -> (UInt8, UInt8, UInt8) {
        let row = rows[position]
        return (row.storedSide.rawValue, row.contra.rawValue, row.marks.contains(.ats) ? 1 : 0)
    }

    private mutating func merge(_ pieces: ArraySlice<Int>) {
        guard let leader = pieces.first else { return }
        var totals = PieceTotals()
        var last = leader
        for piece in pieces {
            let row = rows[piece]
            totals.add(quantity: row.quantity, price: row.price, yield: row.yield)
            rows[leader].report = max(rows[leader].report, row.report)
            if row.dealer != rows[leader].dealer { rows[leader].dealer = 0 }
            // The public saw the trade only where it saw all of it.
            if !row.marks.contains(.disseminated) { rows[leader].marks.remove(.disseminated) }
            if rows[leader].replaces < 0 { rows[leader].replaces = row.replaces }
            guard piece != leader else { continue }
            rows[piece].fate = .aggregate
            rows[piece].firstPiece = Int32(leader)
            tally.note(.aggregate, .merged, row: numbers[piece])
            rows[last].nextPiece = Int32(piece)
            last = piece
        }
        rows[leader].quantity = totals.quantity
        rows[leader].price = totals.price
        rows[leader].yield = totals.yield
    }
}
