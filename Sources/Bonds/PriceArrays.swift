/// Prices and yields of many bonds at once, several for each: the nineteen levels of a forecast.
///
/// Arrays are row by row, a row a bond. Shape: `[bond, level]`.
public enum PriceArrays {
    /// Yields in percent at clean prices per 100 of par; NaN where a bond has matured (nil) or a
    /// price has no yield in ``RemainingCashFlows/yieldRange``.
    ///
    /// Along a row, a price that is not lower never has a higher yield than the one before it, to
    /// the last bit.
    public static func yields(
        cleanPrices: [Double], cashFlows: [RemainingCashFlows?]
    ) -> [Double] {
        map(cleanPrices, cashFlows) { flows, prices, yields in
            var solver = YieldSolver(flows)
            for level in prices.indices {
                let price = prices[level]
                var yield = solver.yield(cleanPrice: price)
                // Neighbouring doubles may come in the wrong order by a rounding.
                if level > 0, !yield.isNaN, !yields[level - 1].isNaN {
                    let before = yields[level - 1]
                    if price == prices[level - 1] {
                        yield = before
                    } else {
                        yield = price > prices[level - 1] ? min(yield, before) : max(yield, before)
                    }
                }
                yields[level] = yield
            }
        }
    }

    /// Clean prices per 100 of par at yields in percent; NaN where a bond has matured (nil) or
    /// the yield is NaN or so low that nothing can be discounted by it.
    public static func cleanPrices(
        yields: [Double], cashFlows: [RemainingCashFlows?]
    ) -> [Double] {
        map(yields, cashFlows) { flows, yields, prices in
            let lowest = -100 * Double(flows.frequency)
            for level in yields.indices where yields[level] > lowest {
                prices[level] = flows.cleanPrice(yield: yields[level])
            }
        }
    }

    /// Fills a row of NaN for every bond that still pays.
    private static func map(
        _ values: [Double], _ cashFlows: [RemainingCashFlows?],
        _ row: (
            RemainingCashFlows, UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>
        ) -> Void
    ) -> [Double] {
        let levels = cashFlows.isEmpty ? 0 : values.count / cashFlows.count
        precondition(
            values.count == levels * cashFlows.count,
            "PriceArrays: \(values.count) values are not whole rows of \(cashFlows.count) bonds")
        var results = [Double](repeating: .nan, count: values.count)
        values.withUnsafeBufferPointer { values in
            results.withUnsafeMutableBufferPointer { results in
                for (index, flows) in cashFlows.enumerated() {
                    guard let flows else { continue }
                    let range = index * levels..<(index + 1) * levels
                    row(
                        flows, UnsafeBufferPointer(rebasing: values[range]),
                        UnsafeMutableBufferPointer(rebasing: results[range]))
                }
            }
        }
        return results
    }
}
