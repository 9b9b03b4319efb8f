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
    /// Withdraws prints whose price it takes for a mistake; nil for none of that.
    public var badPrints: BadPrintClassifier?
    /// The list of bonds: `bonds.csv` of a market folder, or at least its `cusip` column.
    public var bonds: String?
    /// Who stands behind each bond and when: `entities.csv` of a market folder.
    public var entities: String?
    /// Adds to the tape that the folder has, instead of refusing to touch it.
    public var append = false

    /// What an import is at, for whoever waits.
    public enum Phase: Sendable {
        case reading(rows: Int), cleaning(rows: Int), writing(rows: Int)
    }

    public init(layout: TraceLayout) { self.layout = layout }

    /// Imports files, which must come in the order of their report dates, into a folder.
    ///
    /// - Parameter progress: told now and then what the import is at; where it throws, the import
    ///   ends and the folder's tape stays as it was.
    public func run(
        _ files: [String], into folder: String,
        progress: @escaping (Phase) throws -> Void = { _ in }
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
        var journal = try ImportJournal(folder: folder, isContinued: append)
        let bondList = try (bonds ?? MarketFolder.path(of: "bonds", in: folder)).map {
            path throws(FileError) in try BondList(path: path)
        }
        let entityList = try (entities ?? MarketFolder.path(of: "entities", in: folder)).map {
            path throws(FileError) in EntityTable(try EntityRow.read(path: path))
        }
        try copy(bonds, as: "bonds", into: folder)
        try copy(entities, as: "entities", into: folder)

        var reader = TraceReader(layout: layout, unreadableShare: unreadableShare) {
            try progress(.reading(rows: $0))
        }
        reader.reserve(for: files)
        for file in files { try reader.read(file) }
        var audit = ImportAudit()
        audit.files = reader.files
        audit.rowsIn = reader.rows
        audit.problems = RowProblem.allCases.compactMap { reader.problems[$0] }
        audit.options = options

        try progress(.cleaning(rows: reader.rows))
        var tape = Tape(
            cleaning: reader.takeReports(), options: options, badPrints: badPrints,
            bonds: bondList?.facts ?? [:],
            figis: reader.figis, dealers: reader.dealers)
        var folderTape = FolderTape()
        if let oldFile {
            folderTape = FolderTape(try TradeTable(path: oldFile))
            audit.rowsBefore = folderTape.table.count
            folderTape.reconcile(with: &tape)
        }
        let order = folderTape.merged(with: tape)
        try progress(.writing(rows: order.count))
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
        audit.unknownBonds = bondList.map { list in
            tape.cusips.filter { list.facts[$0] == nil }.map(\.text).sorted()
        }
        audit.unmappedBonds = entityList.map { tape.unmappedBonds($0) }
        audit.incompleteBonds = bondList?.incomplete ?? []
        audit.wrongCheckDigits = tape.cusips.map(\.text).filter { !Identifiers.isValidCUSIP($0) }
            .sorted()
        try journal.append(audit)
        return audit
    }

    /// Makes a given file a table of the folder.
    private func copy(_ file: String?, as table: String, into folder: String) throws(FileError) {
        guard let file else { return }
        let own =
            try MarketFolder.path(of: table, in: folder)
            ?? MarketFolder.plainPath(of: table, in: folder)
        let isOwn =
            URL(fileURLWithPath: file).standardizedFileURL
            == URL(fileURLWithPath: own).standardizedFileURL
        if !isOwn { try AtomicFile.write(FileContents.bytes(of: file), to: own) }
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
