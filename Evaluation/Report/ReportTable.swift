import Files

/// A table as the report shows it and as a CSV file has it: the first column names the row.
struct ReportTable {
    var header: [String]
    var rows: [Row] = []

    struct Row {
        var cells: [Cell]
        /// Whether it rests on few rows, or is only a reference.
        var isQuiet = false
        /// Whether it is the first of rows that belong together.
        var isFirst = false
    }

    mutating func add(_ cells: [Cell], isQuiet: Bool = false, isFirst: Bool = false) {
        rows.append(Row(cells: cells, isQuiet: isQuiet, isFirst: isFirst && !rows.isEmpty))
    }

    /// The rows as people read them.
    var texts: [[String]] { rows.map { $0.cells.map(\.text) } }

    var html: String {
        var text = "<div class=\"scroll\"><table>\n<thead><tr>"
        text += header.map { "<th scope=\"col\">\(unbroken(escaped($0)))</th>" }.joined()
        text += "</tr></thead>\n<tbody>\n"
        for row in rows {
            let styles = (row.isQuiet ? ["quiet"] : []) + (row.isFirst ? ["first"] : [])
            text +=
                styles.isEmpty ? "<tr>" : "<tr class=\"\(styles.joined(separator: " "))\">"
            for (index, cell) in row.cells.enumerated() {
                let shown = unbroken(escaped(cell.text))
                let style = cell.isProse ? " class=\"prose\"" : ""
                text +=
                    index == 0
                    ? "<th scope=\"row\">\(shown)</th>" : "<td\(style)>\(shown)</td>"
            }
            text += "</tr>\n"
        }
        return text + "</tbody>\n</table></div>\n"
    }

    var markdown: String {
        ([header, header.map { _ in "---" }] + texts).map { cells in
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }.joined()
    }

    /// Writes the numbers with all their digits.
    func write(to path: String) throws {
        let names = header.map { $0.isEmpty ? "name" : Self.columnName($0) }
        try CSVWriter.write(to: path, header: names) { table in
            for row in rows {
                for cell in row.cells { cell.write(to: &table) }
                try table.endRow()
            }
        }
    }

    /// A heading as the name of a column: `inside 5-95` is `inside_5_95`.
    private static func columnName(_ heading: String) -> String {
        heading.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "_")
    }
}

/// What stands in a table: shown with few digits, written with all.
enum Cell {
    case word(String)
    /// Text of more than a few words, which may be broken into lines.
    case prose(String)
    case count(Int?)
    case number(Double?, digits: Int = 3)
    /// A share, shown in percent.
    case share(Double?, decimals: Int = 1)
    case seconds(Double?)
    /// Of an accident; very small ones are shown as a bound.
    case probability(Double?)
    case range(ClosedRange<Double>?, digits: Int = 3)
    case shares(ClosedRange<Double>?)

    var text: String {
        switch self {
        case .word(let text), .prose(let text): text
        case .count(let count): count.map(grouped) ?? "–"
        case .number(let value, let digits): QuantileEvaluation.text(value, digits: digits)
        case .share(let share, let decimals): percent(share, decimals: decimals)
        case .seconds(let seconds): duration(seconds)
        case .probability(let value):
            value.map { $0 < 1e-4 ? "< 0.0001" : QuantileEvaluation.text($0, digits: 2) } ?? "–"
        case .range(let range, let digits):
            range.map {
                QuantileEvaluation.text($0.lowerBound, digits: digits) + " … "
                    + QuantileEvaluation.text($0.upperBound, digits: digits)
            } ?? "–"
        case .shares(let range):
            range.map { percent($0.lowerBound) + " … " + percent($0.upperBound) } ?? "–"
        }
    }

    var isProse: Bool {
        if case .prose = self { return true }
        return false
    }

    func write(to table: inout CSVWriter) {
        switch self {
        case .word, .prose, .range, .shares: table.field(text == "–" ? "" : text)
        case .count(let count):
            if let count { table.field(count) } else { table.empty() }
        case .number(let value, _), .share(let value, _), .seconds(let value),
            .probability(let value):
            table.field(value ?? .nan)
        }
    }
}

/// A part of the report with a heading, a sentence and a table.
struct ReportSection {
    let title: String
    let text: String
    let table: ReportTable
    /// The name of its CSV file, without the ending; nil where another file has its numbers.
    var file: String?

    /// Its place in the page.
    var anchor: String {
        title.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    }
}

/// Text that is no mark-up.
func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}

/// A text in which no line ends between a number and its percent sign.
func unbroken(_ text: String) -> String {
    text.replacing(" %", with: "\u{A0}%")
}
