import Foundation

/// What a mark on a figure stands for. A signal keeps its colour on every figure.
enum Mark: String {
    case forecast, oracle, label, nominal, ig, hy
    /// The signals of a comparison, ours first.
    case first, second, third, fourth, fifth, sixth, seventh, eighth

    /// The mark of a comparison's signal; beyond the eighth the colours come again.
    static func signal(_ index: Int) -> Mark {
        let marks: [Mark] = [.first, .second, .third, .fourth, .fifth, .sixth, .seventh, .eighth]
        return marks[index % marks.count]
    }
}

/// A drawing area with two linear axes, written as SVG.
///
/// Colours come from style sheets (`Palette`), so that a figure follows the page's light or dark
/// scheme. Figures are drawn for a width of 440 units: at 12 units, text stays readable on a
/// phone.
struct Plot {
    let width = 440.0
    let height: Double
    let x: Axis
    let y: Axis
    private var marks = ""
    private var legend: [(mark: Mark, text: String)] = []

    private let left = 54.0
    private let right = 22.0
    private let top = 30.0
    private let bottom = 46.0

    /// - Parameter square: whether a unit is as long on both axes' full ranges.
    init(x: Axis, y: Axis, square: Bool = false) {
        self.x = x
        self.y = y
        height = square ? 440 - 54 - 22 + 30 + 46 : 330
    }

    private func position(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
        (
            left + x.fraction(point.x) * (width - left - right),
            height - bottom - y.fraction(point.y) * (height - top - bottom)
        )
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        points.enumerated().map { index, point in
            let place = position(point)
            return "\(index == 0 ? "M" : "L")\(short(place.x)) \(short(place.y))"
        }.joined()
    }

    mutating func line(_ points: [(x: Double, y: Double)], _ mark: Mark) {
        marks += "<path class=\"line \(mark.rawValue)\" d=\"\(path(points))\"/>\n"
    }

    /// A filled band between two curves over the same places.
    mutating func band(
        _ lower: [(x: Double, y: Double)], _ upper: [(x: Double, y: Double)], _ mark: Mark
    ) {
        let outline = path(upper + lower.reversed())
        marks += "<path class=\"band \(mark.rawValue)\" d=\"\(outline)Z\"/>\n"
    }

    mutating func dots(_ points: [(x: Double, y: Double)], _ mark: Mark, radius: Double = 3) {
        for point in points {
            let place = position(point)
            marks += "<circle class=\"dot \(mark.rawValue)\" cx=\"\(short(place.x))\" "
            marks += "cy=\"\(short(place.y))\" r=\"\(short(radius))\"/>\n"
        }
    }

    /// A vertical stroke between two heights.
    mutating func stroke(
        x: Double, from lower: Double, to upper: Double, _ mark: Mark, thickness: Double
    ) {
        let start = position((x, lower))
        let end = position((x, upper))
        marks += "<path class=\"stroke \(mark.rawValue)\" stroke-width=\"\(short(thickness))\" "
        marks += "d=\"M\(short(start.x)) \(short(start.y))V\(short(end.y))\"/>\n"
    }

    /// A bar from the bottom of the figure.
    mutating func bar(from start: Double, to end: Double, height value: Double, _ mark: Mark) {
        let corner = position((start, value))
        let opposite = position((end, y.range.lowerBound))
        // A hair of background keeps neighbours apart.
        marks += "<rect class=\"bar \(mark.rawValue)\" x=\"\(short(corner.x + 0.5))\" "
        marks += "y=\"\(short(corner.y))\" width=\"\(short(max(0.5, opposite.x - corner.x - 1)))\" "
        marks += "height=\"\(short(max(0, opposite.y - corner.y)))\"/>\n"
    }

    /// A short text to the upper left of a point, or to its lower right.
    mutating func note(_ text: String, at point: (x: Double, y: Double), below: Bool = false) {
        let place = position(point)
        let shift = below ? (x: 7.0, y: 14.0) : (x: -6.0, y: -6.0)
        marks += "<text class=\"note\" text-anchor=\"\(below ? "start" : "end")\" "
        marks += "x=\"\(short(place.x + shift.x))\" y=\"\(short(place.y + shift.y))\">"
        marks += "\(escaped(text))</text>\n"
    }

    /// Names a mark below the figure.
    mutating func name(_ mark: Mark, _ text: String) {
        legend.append((mark, text))
    }

    /// The figure as an SVG element.
    /// - Parameters:
    ///   - standalone: whether it brings its own colours, as a file of its own must.
    ///   - title: what it shows, for those who do not see it.
    ///   - description: how to read it.
    func svg(standalone: Bool, identifier: String, title: String, description: String) -> String {
        let full = height + (legend.isEmpty ? 0 : 22)
        var text = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" "
        text += "viewBox=\"0 0 \(short(width)) \(short(full))\" role=\"img\" "
        text += "aria-labelledby=\"\(identifier)-title \(identifier)-description\">\n"
        text += "<title id=\"\(identifier)-title\">\(escaped(title))</title>\n"
        text += "<desc id=\"\(identifier)-description\">\(escaped(description))</desc>\n"
        if standalone {
            text += "<style>\n\(Palette.colours(of: "svg"))\(Palette.marks)</style>\n"
            text += "<rect class=\"paper\" width=\"\(short(width))\" height=\"\(short(full))\"/>\n"
        }
        text += axes()
        text += "<g>\n\(marks)</g>\n"
        text += legendText()
        return text + "</svg>"
    }

    private func axes() -> String {
        var text = "<g class=\"axes\">\n"
        for tick in y.ticks {
            let place = position((x.range.lowerBound, tick))
            text += "<path class=\"grid\" d=\"M\(short(left)) \(short(place.y))"
            text += "H\(short(width - right))\"/>"
            text += "<text text-anchor=\"end\" x=\"\(short(left - 6))\" "
            text += "y=\"\(short(place.y + 4))\">\(escaped(y.label(tick)))</text>\n"
        }
        for tick in x.ticks {
            let place = position((tick, y.range.lowerBound))
            text += "<path class=\"tick\" d=\"M\(short(place.x)) \(short(place.y))v4\"/>"
            text += "<text text-anchor=\"middle\" x=\"\(short(place.x))\" "
            text += "y=\"\(short(place.y + 17))\">\(escaped(x.label(tick)))</text>\n"
        }
        text += "<path class=\"tick\" d=\"M\(short(left)) \(short(height - bottom))"
        text += "H\(short(width - right))\"/>\n"
        text += "<text class=\"name\" x=\"4\" y=\"14\">\(escaped(y.name))</text>\n"
        text += "<text class=\"name\" text-anchor=\"end\" x=\"\(short(width - right))\" "
        text += "y=\"\(short(height - 8))\">\(escaped(x.name))</text>\n"
        return text + "</g>\n"
    }

    private func legendText() -> String {
        var text = ""
        var place = left
        for (mark, name) in legend {
            text += "<rect class=\"bar \(mark.rawValue)\" x=\"\(short(place))\" "
            text += "y=\"\(short(height + 5))\" width=\"10\" height=\"10\" rx=\"2\"/>"
            text += "<text x=\"\(short(place + 15))\" y=\"\(short(height + 14))\">"
            text += "\(escaped(name))</text>\n"
            place += 32 + 6.4 * Double(name.count)
        }
        return text
    }

    private func short(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        let text = String(describing: rounded.isFinite ? rounded : 0)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

}

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
        low = (low / step).rounded(.down) * step
        high = (high / step).rounded(.up) * step
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

    /// An axis of shares from 0 to 100 %.
    static func shares(_ name: String) -> Axis {
        Axis(name, range: 0...1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1])
    }

    /// An axis of places 1 to `count`, with or without names.
    static func places(_ name: String, count: Int, names: [String]? = nil) -> Axis {
        let ticks = names.map { $0.indices.map { Double($0 + 1) } } ?? []
        return Axis(name, range: 0...Double(count + 1), ticks: ticks, names: names)
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

    /// One, two or five times a power of ten, so that four to eight steps cover the span.
    private static func step(for span: Double) -> Double {
        let power = pow(10, (log10(span / 4)).rounded(.down))
        let ratio = span / 4 / power
        return power * (ratio >= 5 ? 5 : ratio >= 2 ? 2 : 1)
    }
}

/// The colours of the report, in one place for the page and for figures of their own.
enum Palette {
    private static let light = [
        "paper": "#ffffff", "ink": "#1d232b", "quiet": "#5b6572", "rule": "#d9dee4",
        "forecast": "#1f6fb4", "oracle": "#c06a10", "ig": "#1f6fb4", "hy": "#b3402e",
        "first": "#1f6fb4", "second": "#b3402e", "third": "#2f8a4c", "fourth": "#7a4fb0",
        "fifth": "#8a6d1a", "sixth": "#c06a10", "seventh": "#b0407f", "eighth": "#4c7f8a",
    ]
    private static let dark = [
        "paper": "#15191f", "ink": "#e7ebf0", "quiet": "#a0aab6", "rule": "#333b45",
        "forecast": "#62a9e6", "oracle": "#eba04e", "ig": "#62a9e6", "hy": "#ef8270",
        "first": "#62a9e6", "second": "#ef8270", "third": "#6cc88a", "fourth": "#b592ea",
        "fifth": "#d3b75e", "sixth": "#eba04e", "seventh": "#e58abd", "eighth": "#86bfca",
    ]
    private static let paper = [
        "paper": "#ffffff", "ink": "#000000", "quiet": "#444b54", "rule": "#cfd4da",
    ]

    /// Colours as custom properties of an element, light and dark.
    static func colours(of element: String) -> String {
        func properties(_ colours: [String: String]) -> String {
            colours.sorted { $0.key < $1.key }.map { "--\($0.key): \($0.value);" }
                .joined(separator: " ")
        }
        let printed = light.merging(paper) { _, paper in paper }
        return """
            \(element) { \(properties(light)) }
            @media (prefers-color-scheme: dark) { \(element) { \(properties(dark)) } }
            @media print { \(element) { \(properties(printed)) } }

            """
    }

    static let marks = """
        .figure { font: 12px system-ui, "Segoe UI", Roboto, sans-serif; }
        .figure text { fill: var(--quiet); }
        .figure text.name { fill: var(--ink); }
        .figure text.note { fill: var(--ink); }
        .paper { fill: var(--paper); }
        .forecast { --mark: var(--forecast); }
        .oracle { --mark: var(--oracle); }
        .label { --mark: var(--ink); }
        .nominal { --mark: var(--quiet); }
        .ig { --mark: var(--ig); }
        .hy { --mark: var(--hy); }
        .first { --mark: var(--first); }
        .second { --mark: var(--second); }
        .third { --mark: var(--third); }
        .fourth { --mark: var(--fourth); }
        .fifth { --mark: var(--fifth); }
        .sixth { --mark: var(--sixth); }
        .seventh { --mark: var(--seventh); }
        .eighth { --mark: var(--eighth); }
        .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
        .tick { stroke: var(--quiet); stroke-width: 1; fill: none; }
        .line { stroke: var(--mark); stroke-width: 2; fill: none; stroke-linejoin: round; }
        .line.nominal { stroke-width: 1.3; stroke-dasharray: 5 4; }
        .band { fill: var(--mark); fill-opacity: 0.18; }
        .dot { fill: var(--mark); }
        .dot.label { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
        .stroke { stroke: var(--mark); fill: none; stroke-linecap: butt; }
        .bar { fill: var(--mark); }

        """
}
