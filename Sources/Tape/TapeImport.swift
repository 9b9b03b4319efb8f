import Bonds
import Files
import Foundation

/// Builds the tape of a market folder from TRACE files: reads, cleans, writes `trades.csv` and
/// `audit.json`.
///
///     let audit = try TapeImport(layout: .enhanced).run(["2025.zip"], into: "market")
public struct TapeImport: Sendable {
    public var layout: TraceLayout
    public var options = CleaningOptions()
    /// A file of which a larger share of rows is unreadable is refused.
    public var unreadableShare = 0.05
    /// The list of bonds: `bonds.csv` of a market folder, or at least its `cusip` column.
    public var bonds: String?
    /// Adds to the tape that the folder has, instead of refusing to touch it.
    public var append = false

    /// What an import is at, for whoever waits.
    public enum Phase: Sendable {
        case reading(rows: Int), cleaning(rows: Int), writing(rows: Int)
    }

    public init(layout: TraceLayout) { self.layout = layout }

    /// Imports files, which must come in the order of their report dates, into a folder.
    public func run(
        _ files: [String], into folder: String, progress: @escaping (Phase) -> Void = { _ in }
    ) throws -> ImportAudit {
        let tapeFile = folder + "/trades.csv"
        let packedTapeFile = tapeFile + ".gz"
        let manager = FileManager.default
        let oldFile = [tapeFile, packedTapeFile].first { manager.fileExists(atPath: $0) }
        if let oldFile, !append {
            throw FileError(
                .badData, file: oldFile, "the folder has a tape already",
                advice: "Add to it with --append, or import into another folder")
        }
        try Folder.make(folder)
        let bondFile = try bondList(in: folder)
        let bondList = try bondFile.map { path throws(FileError) in try BondList(path: path) }

        var reader = TraceReader(layout: layout, unreadableShare: unreadableShare) {
            progress(.reading(rows: $0))
        }
        reader.reserve(for: files)
        for file in files { try reader.read(file) }
        var audit = ImportAudit()
        audit.files = reader.files
        audit.rowsIn = reader.rows
        audit.problems = RowProblem.allCases.compactMap { reader.problems[$0] }
        audit.options = options

        progress(.cleaning(rows: reader.rows))
        var tape = Tape(
            cleaning: reader.takeReports(), options: options, bonds: bondList?.facts ?? [:],
            figis: reader.figis, dealers: reader.dealers)
        var folderTape = FolderTape()
        if let oldFile {
            folderTape = FolderTape(try TradeTable(path: oldFile))
            audit.rowsBefore = folderTape.table.count
            folderTape.reconcile(with: &tape)
        }
        let order = folderTape.merged(with: tape)
        progress(.writing(rows: order.count))
        try TradeFile.write(to: oldFile ?? tapeFile, count: order.count) {
            [tape, folderTape] index in
            let row = Int(order[index])
            return row >= 0 ? tape.trade(row) : folderTape.table.trade(-1 - row)
        }

        audit.rowsOut = order.count
        audit.withdrawn = order.reduce(0) { count, row in
            let holds =
                row >= 0
                ? tape.reports[Int(row)].holds
                : folderTape.table.withdrawnTimes[-1 - Int(row)] == .max
            return count + (holds ? 0 : 1)
        }
        audit.steps = steps(of: tape, files: reader.files, problems: audit.problems, folderTape)
        let cusips = Set(tape.reports.lazy.map(\.cusip))
        audit.unknownBonds = bondList.map { list in
            cusips.filter { list.facts[$0] == nil }.map(\.text).sorted()
        }
        audit.wrongCheckDigits = cusips.map(\.text).filter { !Identifiers.isValidCUSIP($0) }
            .sorted()
        try write(audit, to: folder + "/audit.json")
        return audit
    }

    /// The list of bonds to use: the given one, copied into the folder, or the folder's own.
    private func bondList(in folder: String) throws -> String? {
        let own = folder + "/bonds.csv"
        guard let bonds else {
            return FileManager.default.fileExists(atPath: own) ? own : nil
        }
        let isSame =
            URL(fileURLWithPath: bonds).standardizedFileURL
            == URL(fileURLWithPath: own).standardizedFileURL
        if !isSame { try AtomicFile.write(FileContents.bytes(of: bonds), to: own) }
        return own
    }

    private func steps(
        of tape: Tape, files: [ImportAudit.File], problems: [ImportAudit.Problem],
        _ folderTape: FolderTape
    ) -> [ImportAudit.Step] {
        CleaningStep.allCases.compactMap { kind in
            var step = ImportAudit.Step(kind)
            if kind == .unreadable {
                step.removed = files.reduce(0) { $0 + $1.unreadable }
                step.examples = Array(
                    problems.flatMap(\.examples).prefix(ImportAudit.exampleCount))
            } else {
                let count = tape.tally[kind]
                step.removed = count.removed
                step.changed = count.changed + folderTape.withdrawn[kind, default: 0]
                step.merged = count.merged
                step.added = folderTape.added[kind, default: 0]
                step.examples = count.examples.map { row in
                    let report = tape.reports[Int(row)]
                    return ImportAudit.Example(
                        file: files[Int(report.file)].name, line: Int(report.line),
                        text: report.summary)
                }
            }
            return step.isEmpty ? nil : step
        }
    }

    private func write(_ audit: ImportAudit, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try encoder.encode(audit)), to: path)
    }
}

extension ImportAudit.Step {
    /// Whether the step touched nothing.
    var isEmpty: Bool { removed == 0 && changed == 0 && merged == 0 && added == 0 }
}

extension TraceReport {
    /// A report in a line of an audit.
    var summary: String {
        "\(cusip.text) \(TradeIdentifier(self).text) \(status) "
            + "\(storedSide == .buy ? "B" : "S") \(contra) \(quantity) at \(price)"
    }
}
