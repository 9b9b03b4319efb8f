import Foundation

/// A linear axis: its name with the unit, its range and where its ticks are.
struct Axis {
    let name: String
    let range: ClosedRange<Double>
    let ticks: [Double]
    /// Digits after the point that tell the ticks apart.
    private let decimals: Int
    private let suffix: String
    /// What stands at the ticks instead of numbers.
    private let names: [String]?

    /// An axis that covers the values and ends at round numbers.
    init(_ name: String, covering values: [Double], fromZero: Bool = false, suffix: String = "") {
        // Beyond this the difference of two ends may overflow; such values are cut at the edge.
        let finite =
            values.filter(\.isFinite).map { min(max($0, -1e300), 1e300) } + (fromZero ? [0] : [])
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if low == high {
            let reach = low == 0 ? 1 : abs(low) / 2
            low -= fromZero && low >= 0 ? 0 : reach
            high += reach
        }
        let step = Self.step(for: high - low)
        // What is drawn at a value is wider than a point, so an edge keeps some room.
        let room = (high - low) / 40
        low = ((low - (low == 0 ? 0 : room)) / step).rounded(.down) * step
        high = ((high + (high == 0 ? 0 : room)) / step).rounded(.up) * step
        let count = Int(((high - low) / step).rounded())
        self.name = name
        range = low...high
        // Multiples of the step, so that zero is exactly zero.
        let first = (low / step).rounded()
        ticks = (0...count).map { (first + Double($0)) * step }
        names = nil
        decimals = max(0, -Int(log10(step).rounded(.down)))
        self.suffix = suffix
    }

    /// What an axis from zero should cover so that several curves can be told apart: curves that
    /// reach more than three times as far as the next one are left out, as long as two remain.
    static func comparable(_ curves: [[Double]]) -> (values: [Double], beyond: [Int]) {
        let reach = curves.map { $0.map(\.magnitude).filter(\.isFinite).max() ?? 0 }
        let order = reach.indices.sorted { reach[$0] < reach[$1] }
        let end = order.indices.dropFirst(2).first {
            reach[order[$0 - 1]] > 0 && reach[order[$0]] > 3 * reach[order[$0 - 1]]
        }
        let kept = order[..<(end ?? order.count)]
        return (kept.flatMap { curves[$0] }, order[kept.count...].sorted())
    }

    /// An axis of shares from 0 to 100 %.
    static func shares(_ name: String) -> Axis {
        Axis(name, range: 0...1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1])
    }

    /// An axis of places with names.
    static func places(_ name: String, names: [String]) -> Axis {
        Axis(
            name, range: 0...Double(names.count + 1), ticks: names.indices.map { Double($0 + 1) },
            names: names)
    }

    /// An axis of places 1 to `count`, with or without their numbers.
    static func places(_ name: String, count: Int, isNumbered: Bool) -> Axis {
        let ticks = isNumbered ? (1...count).filter { $0 == 1 || $0 % 5 == 0 } : []
        return Axis(
            name, range: 0...Double(count + 1), ticks: ticks.map { Double($0) },
            names: (1...count).map { String($0) })
    }

    /// The ticks with what stands at them, in lines, where the axis is so many characters wide:
    /// names are broken between words, and where there is no room for all, some are left out.
    func labels(characters: Double) -> [(tick: Double, lines: [String])] {
        guard names != nil, ticks.count > 1 else { return ticks.map { ($0, [label($0)]) } }
        let distance = fraction(ticks[1]) - fraction(ticks[0])
        func wrapped(_ width: Double) -> [[String]]? {
            let lines = ticks.map { Self.wrapped(label($0), width: Int(width) - 1) }
            let fits = lines.allSatisfy {
                $0.count <= 3 && $0.allSatisfy { $0.count < Int(width) }
            }
            return fits ? lines : nil
        }
        var every = 1
        while every < ticks.count {
            if let lines = wrapped(characters * distance * Double(every)) {
                return stride(from: 0, to: ticks.count, by: every).map { (ticks[$0], lines[$0]) }
            }
            every += 1
        }
        return [(ticks[0], [label(ticks[0])])]
    }

    /// A text in lines of so many characters, as far as its words allow.
    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private init(
        _ name: String, range: ClosedRange<Double>, ticks: [Double], names: [String]? = nil
    ) {
        self.name = name
        self.range = range
        self.ticks = ticks
        self.names = names
        decimals = -2
        suffix = " %"
    }

    func fraction(_ value: Double) -> Double {
        let bounded = min(max(value, range.lowerBound), range.upperBound)
        return (bounded - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    func label(_ tick: Double) -> String {
        if let names { return names[Int(tick) - 1] }
        if decimals < 0 { return String(Int((tick * 100).rounded())) + suffix }
        guard abs(tick) < 1e6 && decimals <= 6 else {
            return tick == 0 ? "0" : String(format: "%.1e", tick)
        }
        let text = String(format: "%.\(decimals)f", tick)
        return (tick == 0 ? "0" : text.replacing("-", with: "−")) + suffix
    }

    /// One, two or five times a power of ten, so that no more than seven steps cover the span.
    private static func step(for span: Double) -> Double {
        let power = pow(10, log10(span / 7).rounded(.down))
        let ratio = span / 7 / power
        return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10)
    }
}
