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
    private var legend: [(mark: Mark, text: String, dash: Dash?)] = []

    private let left = 54.0
    private let right = 22.0
    private let top = 30.0
    private let bottom: Double
    private let xLabels: [(tick: Double, lines: [String])]

    private static let lineHeight = 14.0
    /// Of a digit or a letter, about.
    private static let characterWidth = 6.4

    /// - Parameter square: whether a unit is as long on both axes' full ranges.
    init(x: Axis, y: Axis, square: Bool = false) {
        self.x = x
        self.y = y
        let room = width - left - right
        xLabels = x.labels(characters: room / Self.characterWidth)
        let lines = Double(xLabels.map(\.lines.count).max() ?? 1)
        bottom = 46 + Self.lineHeight * (lines - 1)
        height = (square ? room : 254) + top + bottom
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

    /// How a line that is no signal's own is drawn.
    enum Dash: String {
        case long, short

        static func published(_ index: Int) -> Dash { index % 2 == 0 ? .long : .short }
    }

    /// A line; what lies above or below the figure is cut off.
    mutating func line(_ points: [(x: Double, y: Double)], _ mark: Mark, dash: Dash? = nil) {
        let style = dash.map { " " + $0.rawValue } ?? ""
        for part in inside(points) {
            marks += "<path class=\"line \(mark.rawValue)\(style)\" d=\"\(path(part))\"/>\n"
        }
    }

    /// The parts of a line between the lower and the upper edge.
    private func inside(_ points: [(x: Double, y: Double)]) -> [[(x: Double, y: Double)]] {
        guard !points.allSatisfy({ y.range.contains($0.y) }) else { return [points] }
        var parts: [[(x: Double, y: Double)]] = []
        for (start, end) in zip(points, points.dropFirst()) {
            let rise = end.y - start.y
            // Where, from 0 at the start to 1 at the end, the line is inside.
            let edges = [y.range.lowerBound, y.range.upperBound].map { ($0 - start.y) / rise }
            let enters = rise == 0 ? 0 : max(0, min(edges[0], edges[1]))
            let leaves = rise == 0 ? 1 : min(1, max(edges[0], edges[1]))
            guard enters < leaves, rise != 0 || y.range.contains(start.y) else { continue }
            func point(_ share: Double) -> (x: Double, y: Double) {
                (start.x + share * (end.x - start.x), start.y + share * rise)
            }
            if enters == 0, !parts.isEmpty, parts[parts.count - 1].last?.x == start.x {
                parts[parts.count - 1].append(point(leaves))
            } else {
                parts.append([point(enters), point(leaves)])
            }
        }
        return parts
    }

    /// A filled band between two curves over the same places.
    mutating func band(
        _ lower: [(x: Double, y: Double)], _ upper: [(x: Double, y: Double)], _ mark: Mark
    ) {
        let outline = path(upper + lower.reversed())
        marks += "<path class=\"band \(mark.rawValue)\" d=\"\(outline)Z\"/>\n"
    }

    /// Dots; where one lies above or below the figure, an arrow at its edge.
    mutating func dots(_ points: [(x: Double, y: Double)], _ mark: Mark, radius: Double = 3) {
        for point in points {
            let place = position(point)
            guard y.range.contains(point.y) else {
                let tip = point.y > y.range.upperBound ? -1.0 : 1.0
                marks += "<path class=\"dot \(mark.rawValue)\" d=\"M\(short(place.x)) "
                marks += "\(short(place.y + tip))l-4 \(short(-7 * tip))h8Z\"/>\n"
                continue
            }
            marks += "<circle class=\"dot \(mark.rawValue)\" cx=\"\(short(place.x))\" "
            marks += "cy=\"\(short(place.y))\" r=\"\(short(radius))\"/>\n"
        }
    }

    /// A vertical stroke between two heights.
    mutating func stroke(
        x: Double, from lower: Double, to upper: Double, _ mark: Mark, thickness: Double
    ) {
        guard lower <= y.range.upperBound, upper >= y.range.lowerBound else { return }
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

    /// Names a mark below the figure; a name that is longer than the figure is cut.
    mutating func name(_ mark: Mark, _ text: String, dash: Dash? = nil) {
        let room = Int((width - left - 32) / Self.characterWidth)
        legend.append(
            (mark, text.count > room ? text.prefix(room - 1) + "…" : text, dash))
    }

    /// The figure as an SVG element.
    /// - Parameters:
    ///   - standalone: whether it brings its own colours, as a file of its own must.
    ///   - title: what it shows, for those who do not see it.
    ///   - description: how to read it.
    func svg(standalone: Bool, identifier: String, title: String, description: String) -> String {
        let full = height + legendHeight
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
        for (tick, lines) in xLabels {
            let place = position((tick, y.range.lowerBound))
            text += "<path class=\"tick\" d=\"M\(short(place.x)) \(short(place.y))v4\"/>\n"
            for (line, words) in lines.enumerated() {
                text += "<text text-anchor=\"middle\" x=\"\(short(place.x))\" "
                text += "y=\"\(short(place.y + 17 + Self.lineHeight * Double(line)))\">"
                text += "\(escaped(words))</text>\n"
            }
        }
        text += "<path class=\"tick\" d=\"M\(short(left)) \(short(height - bottom))"
        text += "H\(short(width - right))\"/>\n"
        text += "<text class=\"name\" x=\"4\" y=\"14\">\(escaped(y.name))</text>\n"
        text += "<text class=\"name\" text-anchor=\"end\" x=\"\(short(width - right))\" "
        text += "y=\"\(short(height - 8))\">\(escaped(x.name))</text>\n"
        return text + "</g>\n"
    }

    /// Where the names of the marks stand: as many in a line as there is room for.
    private var legendPlaces: [(x: Double, line: Int)] {
        var places: [(x: Double, line: Int)] = []
        var place = left
        var line = 0
        for (_, name, _) in legend {
            let length = 32 + Self.characterWidth * Double(name.count)
            if place > left, place + length > width {
                place = left
                line += 1
            }
            places.append((place, line))
            place += length
        }
        return places
    }

    private var legendHeight: Double {
        legendPlaces.last.map { 22 + 18 * Double($0.line) } ?? 0
    }

    private func legendText() -> String {
        var text = ""
        for ((mark, name, dash), place) in zip(legend, legendPlaces) {
            let top = height + 18 * Double(place.line)
            if let dash {
                text += "<path class=\"line \(mark.rawValue) \(dash.rawValue)\" "
                text += "d=\"M\(short(place.x - 2)) \(short(top + 10))h14\"/>"
            } else {
                text += "<rect class=\"bar \(mark.rawValue)\" x=\"\(short(place.x))\" "
                text += "y=\"\(short(top + 5))\" width=\"10\" height=\"10\" rx=\"2\"/>"
            }
            text += "<text x=\"\(short(place.x + 15))\" y=\"\(short(top + 14))\">"
            text += "\(escaped(name))</text>\n"
        }
        return text
    }

    private func short(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        let text = String(describing: rounded.isFinite ? rounded : 0)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

}
