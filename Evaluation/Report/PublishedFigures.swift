import Files
import Foundation

/// A figure that somebody published about a signal: of other trades in another period, so a
/// reference and no comparison.
public struct PublishedFigure: Sendable {
    public let signal: String
    public let dimension: String
    public let cohort: String
    public let trades: String
    /// Which quantile of the deviance it is; empty for a mean.
    public let percent: String
    public let deviance: Double
    public let source: String
    public let remark: String

    /// The figures of several tables.
    static func read(_ names: [String]) throws(FileError) -> [PublishedFigure] {
        var figures: [PublishedFigure] = []
        for name in names { figures += try read(name) }
        return figures
    }

    /// The figures of a table of `Published`, or of a CSV file of that shape.
    public static func read(_ nameOrPath: String) throws(FileError) -> [PublishedFigure] {
        let embedded = [
            "axor": PackageResources.axor_csv, "cp_plus": PackageResources.cp_plus_csv,
            "fvmp": PackageResources.fvmp_csv,
        ]
        guard let bytes = embedded[nameOrPath] else { return try read(path: nameOrPath) }
        // A reader takes files, and these few lines are in the binary.
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("tenor-\(UUID().uuidString).csv").path
        try AtomicFile.write(bytes, to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try read(path: path)
    }

    private static func read(path: String) throws(FileError) -> [PublishedFigure] {
        let reader = try CSVReader(path: path)
        var columns: [String: Int] = [:]
        for name in [
            "signal", "dimension", "cohort", "trades", "percent", "deviance", "source", "remark",
        ] {
            columns[name] = try reader.requiredColumn(name)
        }
        var figures: [PublishedFigure] = []
        while let chunk = try reader.nextChunk(rows: 1_000) {
            for row in 0..<chunk.rowCount {
                func text(_ name: String) -> String {
                    columns[name].map { chunk.text(row: row, column: $0) } ?? ""
                }
                let deviance = try chunk.requiredNumber(row: row, column: columns["deviance"] ?? 0)
                figures.append(
                    PublishedFigure(
                        signal: text("signal"), dimension: text("dimension"),
                        cohort: text("cohort"), trades: text("trades"), percent: text("percent"),
                        deviance: deviance, source: text("source"), remark: text("remark")))
            }
        }
        return figures
    }
}

/// The published quantiles of one signal on a grade.
struct PublishedGrade {
    let signal: String
    let cohort: String
    let trades: Int?
    /// By percent.
    let deviance: [String: Double]
}

extension PublishedFigure {
    /// What was published of a grade, a line a signal.
    static func credit(_ figures: [PublishedFigure], cohort: String) -> [PublishedGrade] {
        let own = figures.filter { $0.dimension == "credit" && $0.cohort == cohort }
        var signals: [String] = []
        for figure in own where !signals.contains(figure.signal) { signals.append(figure.signal) }
        return signals.map { signal in
            let figures = own.filter { $0.signal == signal }
            return PublishedGrade(
                signal: signal, cohort: cohort, trades: figures.first.flatMap { Int($0.trades) },
                deviance: Dictionary(
                    figures.map { ($0.percent, $0.deviance) },
                    uniquingKeysWith: { first, _ in first }))
        }
    }
}
