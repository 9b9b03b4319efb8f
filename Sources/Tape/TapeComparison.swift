import Files

/// What an import made of the raw files of a simulated market, beside the market's own clean tape.
///
/// A row is right where the clean tape has one of the same identifier with the same terms, times
/// and withdrawal. Rows that only the import has and that it withdrew are told apart: the public saw
/// these prints until then, and nobody trains on them.
public struct TapeComparison: Codable, Sendable, Equatable {
    /// How many rows of one kind there are, and how many of them are right.
    public struct Count: Codable, Sendable, Equatable {
        public var name: String
        /// Rows of the clean tape.
        public var clean = 0
        /// Rows of the import.
        public var imported = 0
        public var right = 0
        /// The share of imported rows that are right.
        public var precision = 1.0
        /// The share of clean rows that the import has right.
        public var recall = 1.0
    }

    /// What became of one kind of injected error.
    public struct ErrorCount: Codable, Sendable, Equatable {
        public var error: String
        /// Reports of the raw files that have it.
        public var reports = 0
        /// Those of which nothing is left that is not in the clean tape, and nothing missing.
        public var undone = 0
    }

    /// A row that is not right; empty on the side that has none.
    public struct Example: Codable, Sendable, Equatable {
        /// The injected error, empty where there was none.
        public var error: String
        public var tradeID: String
        public var clean: String
        public var imported: String
    }

    public internal(set) var all = Count(name: "all rows")
    public internal(set) var holding = Count(name: "trades that hold")
    public internal(set) var withdrawn = Count(name: "prints that were withdrawn")
    /// Rows that only the import has, and that it withdrew.
    public internal(set) var withdrawnByImport = 0
    public internal(set) var errors: [ErrorCount] = []
    /// Up to five rows that are not right for each kind of error.
    public internal(set) var examples: [Example] = []

    /// Compares the tape of a folder with that of a simulated market, whose `trace/errors.csv` tells
    /// what is wrong with which report. Memory grows with the errors only.
    public init(of folder: String, against market: String) throws(FileError) {
        var matcher = TapeMatcher(try InjectedErrors(market: market))
        var clean = TradeCursor(try TradeReader(path: TradeFile.path(market: market)))
        var imported = TradeCursor(try TradeReader(path: TradeFile.path(market: folder)))
        while true {
            let times = [try clean.time(), try imported.time()].compactMap(\.self)
            guard let time = times.min() else { break }
            matcher.match(try clean.take(at: time), try imported.take(at: time))
        }
        self = matcher.result()
    }

    init() {}
}

extension TapeComparison: CustomStringConvertible {
    /// A table for the terminal.
    public var description: String {
        var lines = ["simulated market: the import beside its clean tape"]
        lines.append(Self.row("", "clean", "imported", "right", "precision", "recall"))
        for count in [all, holding, withdrawn] {
            lines.append(
                Self.row(
                    count.name, "\(count.clean)", "\(count.imported)", "\(count.right)",
                    Self.share(count.precision), Self.share(count.recall)))
        }
        lines.append(
            "\(withdrawnByImport) more prints that the import withdrew are not in the clean tape.")
        if !errors.isEmpty {
            lines.append(Self.row("injected error", "reports", "undone", "share"))
        }
        for error in errors {
            lines.append(
                Self.row(
                    error.error, "\(error.reports)", "\(error.undone)",
                    Self.share(Double(error.undone) / Double(max(1, error.reports)))))
        }
        for example in examples {
            lines.append("\(example.error.isEmpty ? "no error" : example.error) \(example.tradeID)")
            lines.append("    clean     \(example.clean.isEmpty ? "none" : example.clean)")
            lines.append("    imported  \(example.imported.isEmpty ? "none" : example.imported)")
        }
        return lines.joined(separator: "\n")
    }

    /// Four decimals, rounded down: what is shown as 1 is 1.
    private static func share(_ value: Double) -> String {
        let digits = String(Int((value * 10_000).rounded(.down)) + 10_000)
        return "\(digits.first == "2" ? 1 : 0)." + digits.suffix(4)
    }

    private static func row(_ title: String, _ cells: String...) -> String {
        title + String(repeating: " ", count: max(1, 28 - title.count))
            + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
}
