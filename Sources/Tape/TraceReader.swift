import Files

/// Reads TRACE files of one layout into reports: plain, gzip or zip archives of either, also
/// archives in an archive, as FINRA's yearly ones are.
struct TraceReader {
    let layout: TraceLayout
    /// A file of which a larger share of rows is unreadable is refused.
    let unreadableShare: Double
    /// Called with the number of rows read so far.
    let progress: (Int) throws -> Void

    private(set) var reports: [TraceReport] = []
    private(set) var files: [ImportAudit.File] = []
    private(set) var problems: [RowProblem: ImportAudit.Problem] = [:]
    private(set) var dealers: [UInt64: String] = [:]
    private(set) var figis: [PackedCUSIP: String] = [:]
    private(set) var rows = 0

    /// About so many bytes of lines go to one thread at a time.
    private static let blockSize = 1 << 21
    private static let blocksAtOnce = 8

    init(
        layout: TraceLayout, unreadableShare: Double, progress: @escaping (Int) throws -> Void
    ) {
        self.layout = layout
        self.unreadableShare = unreadableShare
        self.progress = progress
    }

    /// Sets memory aside, so that it need not be moved while it grows; what is not used is never
    /// touched and costs nothing.
    mutating func reserve(for files: [String]) {
        let bytes = files.reduce(0) { $0 + ((try? MemoryMap(path: $1).bytes.count) ?? 0) }
        let isPacked = files.contains { $0.hasSuffix(".gz") || $0.hasSuffix(".zip") }
        reports.reserveCapacity(min(bytes / (isPacked ? 12 : 120), 16_000_000))
    }

    /// Reads one more file, or all text files of an archive in the order of their names.
    mutating func read(_ path: String) throws {
        if try ZipArchive.isZip(path: path) {
            try read(ZipArchive(path: path))
        } else {
            try read(LineReader(path: path))
        }
    }

    private mutating func read(_ archive: ZipArchive) throws {
        let members = archive.members.sorted { $0.name < $1.name }
        var found = false
        for member in members {
            let name = member.name.lowercased()
            if name.hasSuffix(".zip") {
                let bytes = try archive.bytes(of: member)
                try read(ZipArchive(bytes: bytes, file: archive.file + "/" + member.name))
                found = true
            } else if name.hasSuffix(".txt") || name.hasSuffix(".csv") {
                try read(LineReader(member, of: archive))
                found = true
            }
        }
        guard found else {
            throw FileError(
                .badData, file: archive.file, "no TRACE file in the archive",
                expected: "members ending in .txt, .csv or .zip",
                found: Spelling.list(members.map(\.name), limit: 3))
        }
    }

    private mutating func read(_ lines: LineReader) throws {
        let index = files.count
        guard index < Int(UInt16.max) else {
            throw FileError(
                .badData, file: lines.file, "too many files at once",
                expected: "at most \(UInt16.max)", advice: "Import them in parts with --append")
        }
        var parser: TraceParser?
        var file = ImportAudit.File(name: lines.file, layout: layout)
        var firstProblem: String?
        while true {
            var blocks: [LineReader.Block] = []
            while blocks.count < Self.blocksAtOnce,
                let block = try lines.nextBlock(size: Self.blockSize)
            {
                if parser == nil {
                    let (header, rest) = try self.header(of: block, file: lines.file)
                    parser = TraceParser(header: header, file: UInt16(index))
                    blocks.append(rest)
                } else {
                    blocks.append(block)
                }
            }
            guard let parser, !blocks.isEmpty else { break }
            for output in parse(blocks, by: parser) {
                reports.append(contentsOf: output.reports)
                file.rows += output.rows
                file.unreadable += output.problemCount
                dealers.merge(output.dealers) { first, _ in first }
                figis.merge(output.figis) { first, _ in first }
                if let trailer = output.trailer { file.recordsInTrailer = trailer.count }
                for (line, problem, text) in output.problems {
                    firstProblem = firstProblem ?? "line \(line): \(problem.title)"
                    problems[problem, default: ImportAudit.Problem(problem)]
                        .add(file: lines.file, line: line, text: text)
                }
                rows += output.rows
            }
            try progress(rows)
        }
        guard parser != nil else {
            throw FileError(
                .badData, file: lines.file, "the file is empty", expected: "a header row",
                advice: "Copy or download it again")
        }
        try refuseIfUnreadable(file, firstProblem: firstProblem)
        guard reports.count < Int(Int32.max) else {
            throw FileError(
                .badData, file: lines.file, "more than \(Int32.max) rows",
                advice: "Import them in parts with --append")
        }
        files.append(file)
    }

    private func refuseIfUnreadable(
        _ file: ImportAudit.File, firstProblem: String?
    ) throws(FileError) {
        guard Double(file.unreadable) > unreadableShare * Double(file.rows) else { return }
        throw FileError(
            .badData, file: file.name, "too many unreadable rows",
            expected: "at most \(unreadableShare * 100) % of \(file.rows)",
            found: "\(file.unreadable)" + (firstProblem.map { ", first at \($0)" } ?? ""),
            advice: "Is it the layout '\(layout.rawValue)', complete and unchanged?")
    }

    /// Reads the header off the first block.
    private func header(
        of block: LineReader.Block, file: String
    ) throws(FileError) -> (TraceHeader, LineReader.Block) {
        var bytes = block.bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let text = String(
            decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line.prefix(10_000),
            as: UTF8.self)
        let header = try TraceHeader(line: text, layout: layout, file: file)
        let rest = LineReader.Block(
            bytes: Array(bytes.dropFirst(line.count + 1)), firstLine: block.firstLine + 1)
        return (header, rest)
    }

    private func parse(
        _ blocks: [LineReader.Block], by parser: TraceParser
    ) -> [TraceParser.Output] {
        Parallel.map(count: blocks.count) { parser.parse(blocks[$0]) }
    }

    /// Hands the reports over and keeps no copy.
    mutating func takeReports() -> [TraceReport] {
        var taken: [TraceReport] = []
        swap(&taken, &reports)
        return taken
    }
}
