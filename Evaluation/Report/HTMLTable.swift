/// A table as the reports show it: the first column is the row's heading.
struct HTMLTable {
    var header: [String]
    var rows: [Row] = []

    struct Row {
        var cells: [String]
        /// Whether it rests on few rows, or is only a reference.
        var isQuiet = false
    }

    var html: String {
        var text = "<div class=\"scroll\"><table>\n<thead><tr>"
        text += header.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        text += "</tr></thead>\n<tbody>\n"
        for row in rows {
            text += row.isQuiet ? "<tr class=\"quiet\">" : "<tr>"
            for (index, cell) in row.cells.enumerated() {
                let shown = escaped(cell).replacing(" %", with: "\u{A0}%")
                text += index == 0 ? "<th scope=\"row\">\(shown)</th>" : "<td>\(shown)</td>"
            }
            text += "</tr>\n"
        }
        return text + "</tbody>\n</table></div>\n"
    }
}

/// Text that is no mark-up.
func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
