import Files
import Mustache

/// What all reports are made of: words and numbers at the top, figures, tables.
struct ReportPage {
    let title: String
    let kind: String
    let verdict: [String]
    /// What the verdict rests on, in smaller print.
    var details: [String] = []
    let facts: [(name: String, value: String)]
    let notes: [String]
    let figures: [Figure]
    let sections: [ReportSection]
    /// What only one kind of report has, by its name in the template.
    var more: [String: Any] = [:]

    /// One file that needs no network and no scripts.
    func html() throws -> String {
        let content: [String: Any] = [
            "colours": Palette.colours(of: ":root"), "marks": Palette.marks,
            "file": title, "kind": kind, "verdict": verdict.map(unbroken),
            "hasDetails": !details.isEmpty, "details": details.map(unbroken),
            "facts": facts.map { ["name": $0.name, "value": $0.value] },
            "notes": notes.map(unbroken), "hasFigures": !figures.isEmpty,
            "figures": figures.map { figure in
                [
                    "name": figure.name, "title": figure.title,
                    "reading": unbroken(figure.reading), "svg": figure.svg(standalone: false),
                ]
            },
            "sections": sections.map {
                [
                    "title": $0.title, "anchor": $0.anchor, "text": unbroken($0.text),
                    "table": $0.table.html,
                ]
            },
        ]
        let source = String(decoding: PackageResources.report_mustache, as: UTF8.self)
        return try MustacheTemplate(string: source)
            .render(content.merging(more) { _, own in own })
    }

    /// Writes the page, the numbers, every figure as SVG and every table as CSV; each file appears
    /// when it is complete. Makes the folder where there is none.
    /// - Parameters:
    ///   - metrics: the text of `metrics.json`.
    ///   - texts: further files, by their names.
    /// - Returns: the path of the page.
    func write(to folder: String, metrics: String, texts: [String: String]) throws -> String {
        // Everything is composed before the first byte is written.
        var files = texts
        files["metrics.json"] = metrics
        files["report.html"] = try html()
        for figure in figures { files[figure.name + ".svg"] = figure.svg(standalone: true) + "\n" }
        try Folder.make(folder)
        for section in sections {
            if let file = section.file { try section.table.write(to: "\(folder)/\(file).csv") }
        }
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)")
        }
        return folder + "/report.html"
    }
}
