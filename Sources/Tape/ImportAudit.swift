/// What an import did with every row: rows in, rows out, and each step between.
public struct ImportAudit: Codable, Sendable, Equatable {
    /// A row as an example of what a step did.
    public struct Example: Codable, Sendable, Equatable {
        public var file: String
        public var line: Int
        public var text: String
    }

    /// One file that was read.
    public struct File: Codable, Sendable, Equatable {
        public var name: String
        public var layout: TraceLayout
        /// Lines that should be records.
        public var rows = 0
        public var unreadable = 0
        /// The record count that the trailer tells; nil where there is no trailer.
        public var recordsInTrailer: Int?

        init(name: String, layout: TraceLayout) {
            self.name = name
            self.layout = layout
        }

        /// What is wrong with the end of the file, nil where nothing is.
        public var complaint: String? {
            guard layout.hasTrailer else { return nil }
            guard let records = recordsInTrailer else {
                return "no trailer at the end: the file may be truncated"
            }
            return records == rows
                ? nil : "the trailer tells \(records) records, the file has \(rows)"
        }
    }

    /// A kind of unreadable row.
    public struct Problem: Codable, Sendable, Equatable {
        public var problem: String
        /// Up to five rows.
        public var examples: [Example] = []

        init(_ problem: RowProblem) { self.problem = problem.title }

        mutating func add(file: String, line: Int, text: String) {
            guard examples.count < ImportAudit.exampleCount else { return }
            examples.append(Example(file: file, line: line, text: text))
        }
    }

    /// What one step did.
    public struct Step: Codable, Sendable, Equatable {
        public var step: String
        public var title: String
        /// Rows that the step took out.
        public var removed = 0
        /// Rows that stay and were changed: withdrawn, or their price repaired.
        public var changed = 0
        /// Rows that became part of another row.
        public var merged = 0
        /// Rows that the step added, where a piece of a trade in the folder was withdrawn.
        public var added = 0
        /// Up to five rows.
        public var examples: [Example] = []

        init(_ step: CleaningStep) {
            self.step = step.name
            title = step.title
        }
    }

    /// The file in the market folder that has the audits of its imports.
    public static let fileName = "audit.json"

    public var files: [File] = []
    /// Rows of the TRACE files.
    public var rowsIn = 0
    /// Rows that the folder's tape had before.
    public var rowsBefore = 0
    /// Rows of the folder's tape now.
    public var rowsOut = 0
    /// Rows of the tape now that were withdrawn at some time.
    public var withdrawn = 0
    public var steps: [Step] = []
    public var problems: [Problem] = []
    /// CUSIPs that are not in the list of bonds; nil where no list was given.
    public var unknownBonds: [String]?
    /// CUSIPs that were traded on a day without an entity; nil where no entities were given.
    public var unmappedBonds: [String]?
    /// Rows of the list of bonds with a cell that cannot be used, which is then not known.
    public var incompleteBonds: [Example] = []
    /// CUSIPs with a wrong check digit; their trades are kept.
    public var wrongCheckDigits: [String] = []
    public var options = CleaningOptions()

    static let exampleCount = 5

    /// Whether every row is accounted for.
    public var addsUp: Bool {
        rowsOut
            == steps.reduce(rowsBefore + rowsIn) { $0 - $1.removed - $1.merged + $1.added }
    }

    /// The step of a name, nil where it did nothing.
    public subscript(step: CleaningStep) -> Step? { steps.first { $0.step == step.name } }
}

extension ImportAudit: CustomStringConvertible {
    /// A table for the terminal.
    public var description: String {
        var lines: [String] = []
        for file in files where file.complaint != nil {
            lines.append("\(file.name): \(file.complaint ?? "")")
        }
        lines.append(Self.row("", "removed", "changed", "merged", "added", "rows"))
        var rows = rowsIn
        lines.append(Self.row("rows in", "", "", "", "", "\(rows)"))
        if rowsBefore > 0 {
            rows += rowsBefore
            lines.append(Self.row("rows of the folder", "", "", "", "", "\(rows)"))
        }
        for step in steps {
            rows += step.added - step.removed - step.merged
            lines.append(
                Self.row(
                    step.title, Self.cell(step.removed), Self.cell(step.changed),
                    Self.cell(step.merged), Self.cell(step.added), "\(rows)"))
        }
        lines.append(Self.row("rows out", "", "", "", "", "\(rowsOut)"))
        lines.append("\(withdrawn) of them were withdrawn later and keep their row until then.")
        for problem in problems {
            guard let first = problem.examples.first else { continue }
            lines.append("unreadable: \(problem.problem), such as \(first.file):\(first.line)")
        }
        if let unknownBonds, !unknownBonds.isEmpty {
            lines.append(
                "\(unknownBonds.count) bonds are not in the list of bonds, such as "
                    + unknownBonds.prefix(5).joined(separator: ", "))
        }
        if let unmappedBonds, !unmappedBonds.isEmpty {
            lines.append(
                "\(unmappedBonds.count) bonds were traded on a day without an entity, such as "
                    + unmappedBonds.prefix(5).joined(separator: ", "))
        }
        if let first = incompleteBonds.first {
            lines.append(
                "\(incompleteBonds.count) cells of the list of bonds cannot be used, such as "
                    + "\(first.file):\(first.line), \(first.text)")
        }
        if !wrongCheckDigits.isEmpty {
            lines.append(
                "\(wrongCheckDigits.count) CUSIPs have a wrong check digit, such as "
                    + wrongCheckDigits.prefix(5).joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }

    private static func cell(_ count: Int) -> String { count == 0 ? "" : "\(count)" }

    private static func row(_ title: String, _ cells: String...) -> String {
        let padding = String(repeating: " ", count: max(1, 50 - title.count))
        return title + padding
            + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
}
