import Foundation

/// What a print looks like beside the prints around it.
struct BadPrintFeatures {
    /// The features, in their order.
    static let names = [
        "deviation", "deviation_squared", "relative_deviation", "spike", "stale_deviation",
        "small_size", "decimal_point", "par", "few_neighbours",
    ]
    /// So many prints before, and so many after, are looked at.
    static let reach = 5

    private var before: [Double] = []
    private var after: [Double] = []
    private var sorted: [Double] = []

    /// Appends the features of a print.
    ///
    /// - Parameters:
    ///   - prints: The prints of one bond, ascending in time.
    ///   - hindsight: Whether later prints count too.
    mutating func append(
        of index: Int, in prints: [BadPrintClassifier.Print], hindsight: Bool,
        to values: inout [Double]
    ) {
        let print = prints[index]
        before.removeAll(keepingCapacity: true)
        after.removeAll(keepingCapacity: true)
        for other in max(0, index - Self.reach)..<index { before.append(prints[other].price) }
        if hindsight {
            for other in (index + 1)..<max(index + 1, min(prints.count, index + 1 + Self.reach)) {
                after.append(prints[other].price)
            }
        }
        guard !before.isEmpty || !after.isEmpty else {
            // Nothing to compare with: what is known is only that.
            values.append(contentsOf: repeatElement(0, count: Self.names.count - 1))
            values.append(1)
            return
        }
        let middle = median(before, after)
        let scale = max(1.4826 * deviation(from: middle), 0.05 + 0.002 * abs(middle))
        let off = abs(print.price - middle)
        let deviation = log1p(off / scale)
        values.append(deviation)
        values.append(deviation * deviation)
        values.append(log1p(100 * off / max(abs(middle), 1)))
        values.append(log1p(spike(print.price) / scale))
        values.append(deviation * log1p(gap(of: index, in: prints, hindsight: hindsight) / 24))
        values.append(max(0, 5 - log10(max(print.quantity, 1))))
        values.append(Self.isShifted(print.price, from: middle) ? 1 : 0)
        values.append(print.price == 100 ? deviation : 0)
        values.append(1 - Double(before.count + after.count) / Double(2 * Self.reach))
    }

    /// By how much the price stands out beyond both sides, in points; 0 where it lies between them,
    /// or nothing came after.
    private mutating func spike(_ price: Double) -> Double {
        guard !before.isEmpty, !after.isEmpty else { return 0 }
        let (left, right) = (price - median(before, []), price - median(after, []))
        return left * right > 0 ? min(abs(left), abs(right)) : 0
    }

    /// Hours to the nearest neighbour.
    private func gap(
        of index: Int, in prints: [BadPrintClassifier.Print], hindsight: Bool
    ) -> Double {
        var gap = Int64.max
        if index > 0 { gap = prints[index].time - prints[index - 1].time }
        if hindsight, index + 1 < prints.count {
            gap = min(gap, prints[index + 1].time - prints[index].time)
        }
        return Double(gap) / 3.6e12
    }

    /// Whether the price is near the middle once its decimal point is moved by one or two places.
    private static func isShifted(_ price: Double, from middle: Double) -> Bool {
        [0.01, 0.1, 10, 100].contains { abs(price * $0 - middle) < 0.1 * abs(middle) }
    }

    private mutating func median(_ first: [Double], _ second: [Double]) -> Double {
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: first)
        sorted.append(contentsOf: second)
        return sortedMedian()
    }

    /// The median distance of the neighbours from a price.
    private mutating func deviation(from middle: Double) -> Double {
        for index in sorted.indices { sorted[index] = abs(sorted[index] - middle) }
        return sortedMedian()
    }

    private mutating func sortedMedian() -> Double {
        sorted.sort()
        let half = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    }
}
