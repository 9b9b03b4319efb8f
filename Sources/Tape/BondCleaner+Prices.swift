/// Prices that are typing errors, judged by the bond's neighbouring trades.
///
/// Source: Dickerson, Robotti and Rossetti, "Common pitfalls in the evaluation of corporate bond
/// strategies" (2024), data appendix.
extension BondCleaner {
    /// Moves the decimal point where that brings a price back among its ten neighbours.
    mutating func repairDecimals(_ order: [Int32]) {
        let prices = order.map { rows[Int($0)].price }
        for index in order.indices {
            let price = prices[index]
            let window = max(0, index - 5)..<min(prices.count, index + 6)
            var low = Double.infinity
            var high = -Double.infinity
            for other in window where other != index {
                low = min(low, prices[other])
                high = max(high, prices[other])
            }
            // Nothing can be off the median where it is near all of them.
            guard low < price * 0.95 || high > price * 1.05 else { continue }
            let neighbours = window.filter { $0 != index }.map { prices[$0] }.sorted()
            guard neighbours.count >= 5 else { continue }
            let half = neighbours.count / 2
            let median =
                neighbours.count % 2 == 1
                ? neighbours[half] : (neighbours[half - 1] + neighbours[half]) / 2
            let error = abs(price - median)
            guard error > 0.05 * median else { continue }
            let repaired = [0.1, 0.01, 10, 100].map { price * $0 }
                .min { abs($0 - median) < abs($1 - median) }
            guard let repaired, abs(repaired - median) <= 0.2 * error,
                abs(repaired - median) <= max(0.02 * median, 8)
            else { continue }
            rows[Int(order[index])].price = (repaired * 1e6).rounded() / 1e6
            tally.note(.decimalShift, .changed, row: numbers[Int(order[index])])
        }
        // What is still beyond the range was no shifted decimal point.
        guard let highest = options.prices?.upperBound else { return }
        for position in order where rows[Int(position)].price > highest {
            remove(Int(position), in: .price)
        }
    }

    /// Withdraws prices that jump off the last five different ones and are back within five trades;
    /// they are known to be wrong once the next price is back.
    mutating func withdrawBounces(_ order: [Int32]) {
        let trades = order.map { Int($0) }.filter { rows[$0].fate == .kept && rows[$0].holds }
        var recent: [Double] = []
        var index = 0
        while index < trades.count {
            let price = rows[trades[index]].price
            if recent.count == 5 {
                let base = recent.sorted()[2]
                // At par a jump needs less to be one: 100 is what is typed when nothing is known.
                let jump = price == 100 ? 15 : min(35, max(10, 0.3 * base))
                if abs(price - base) >= jump {
                    let next = trades[(index + 1)...].prefix(5)
                    let back = next.firstIndex { abs(rows[$0].price - base) < jump / 5 }
                    if let back {
                        let known = rows[trades[back]].report
                        for wrong in trades[index..<back]
                        where abs(rows[wrong].price - base) >= jump {
                            withdraw(wrong, at: known, in: .bounceBack)
                        }
                        index = back
                        continue
                    }
                }
            }
            if !recent.contains(price) {
                recent.append(price)
                if recent.count > 5 { recent.removeFirst() }
            }
            index += 1
        }
    }
}
