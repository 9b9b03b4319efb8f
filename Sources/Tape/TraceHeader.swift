import Files

/// Which column of a file has which role.
struct TraceHeader {
    let layout: TraceLayout
    let separator: UInt8
    let columnCount: Int
    /// The column of each role, -1 where the file has none.
    private let columns: [Int]
    /// Whether the statuses and references are those of the dissemination feed (WRDS standard).
    let isFeed: Bool

    init(line: String, layout: TraceLayout, file: String) throws(FileError) {
        let names = Self.names(line)
        guard let separator = Self.separator(of: line) else {
            throw Self.wrong(file, layout, looksLike: nil, line: line)
        }
        self.separator = separator
        self.layout = layout
        let found = names.map { $0.lowercased() }
        let recognised = TraceLayout.recognise(names)
        // WRDS's exports and FINRA's older files share their names: either may be read as either.
        let historic: Set<TraceLayout> = [.pre2012, .wrds]
        let isRight =
            recognised == layout
            || recognised.map { historic.contains($0) && historic.contains(layout) } ?? false
        guard isRight else { throw Self.wrong(file, layout, looksLike: recognised, line: line) }
        if let expected = layout.columnCount, expected != names.count {
            throw FileError(
                .badData, file: file, line: 1, "the \(layout.rawValue) layout has other columns",
                expected: "\(expected) columns", found: "\(names.count)",
                advice: "The file may have been edited; import it as FINRA sent it")
        }
        columnCount = names.count
        var columns: [Int] = []
        for role in TraceLayout.Role.allCases {
            let index = layout.names(of: role).lazy.compactMap { found.firstIndex(of: $0) }.first
            if index == nil, TraceLayout.Role.required.contains(role) {
                throw FileError(
                    .badData, file: file, line: 1,
                    "no column '\(layout.names(of: role).first ?? "")'",
                    expected: "the \(layout.rawValue) layout",
                    advice: "Export it together with the others")
            }
            columns.append(index ?? -1)
        }
        self.columns = columns
        isFeed = found.contains("ascii_rptd_vol_tx")
    }

    /// The column of a role, -1 where there is none.
    @inline(__always)
    func column(_ role: TraceLayout.Role) -> Int { columns[role.rawValue] }

    private static func separator(of line: String) -> UInt8? {
        ["|", ",", "\t"].first { line.contains($0) }?.utf8.first
    }

    private static func names(_ line: String) -> [String] {
        let separator = separator(of: line) ?? UInt8(ascii: "|")
        return line.utf8.split(separator: separator, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self).filter { $0 != "\"" }
                .split(separator: " ").joined(separator: " ")
        }
    }

    private static func wrong(
        _ file: String, _ layout: TraceLayout, looksLike other: TraceLayout?, line: String
    ) -> FileError {
        FileError(
            .badData, file: file, line: 1, "this is not the \(layout.rawValue) layout",
            expected: "a header with '\(layout.names(of: .reference).first ?? "")'",
            found: FileError.quoted(line),
            advice: other.map {
                "It looks like '\($0.rawValue)': import it with --layout \($0.rawValue)"
            }
                ?? "It looks like none of the layouts "
                + TraceLayout.allCases.map(\.rawValue).joined(separator: ", "))
    }
}
