import ArgumentParser
import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Terminal

/// How forecast tables are read and which of their rows count, for `evaluate` and `compare`.
struct ForecastReadingOptions: ParsableArguments {
    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "Which trades count and how they are joined: default, axor, fvmp or a YAML file.",
            valueName: "name or file"))
    var rulesName = "default"

    @Option(
        help: ArgumentHelp(
            "A tape such as a market's trades.csv, by which quotes are judged.", valueName: "file"),
        completion: .file())
    var trades: String?

    @Option(
        help: ArgumentHelp(
            "In what execution_date counts: nanoseconds, microseconds, milliseconds or seconds.",
            valueName: "unit"))
    var timeUnit = TimeUnit.nanoseconds

    @Option(
        name: .customLong("times"),
        help: ArgumentHelp(
            "The same for one of the tables, as in theirs.csv=ms; may be repeated.",
            valueName: "table=unit"))
    var tableTimes: [TableTimes] = []

    func rules() throws -> EvaluationProtocol { try EvaluationProtocol(rulesName) }

    /// Refuses a time unit of a table that is not among those that are read.
    func requireTables(_ paths: [String]) throws {
        for times in tableTimes where !paths.contains(where: times.isOf) {
            throw ValidationError("--times names '\(times.table)', which is none of the tables")
        }
    }

    func read(_ path: String) throws -> ForecastTable {
        let unit = tableTimes.last { $0.isOf(path) }?.unit ?? timeUnit
        return try withProgress("reading", unit: "rows") { progress in
            try ForecastTable(
                path: path, keeping: Evaluation.columns, timeUnit: unit, progress: progress)
        }
    }

    /// The trades by which the tables without labels are judged; nil without `--trades`.
    func tape(for tables: [ForecastTable]) throws -> ReferenceTrades? {
        guard let trades else { return nil }
        let quotes = tables.filter { $0.label == nil }
        guard !quotes.isEmpty else {
            throw FileError(
                .badData, file: trades, "every table has labels of its own",
                expected: "a table of quotes, without the column 'label'",
                advice: "Leave out --trades")
        }
        return try withProgress("reading trades", unit: "prints") { progress in
            try ReferenceTrades(path: trades, for: quotes, progress: progress)
        }
    }

    /// Shows how far a reader is, where it reads much, and stops it on Ctrl-C.
    private func withProgress<Result>(
        _ task: String, unit: String, _ read: ((Int) throws -> Void) throws -> Result
    ) throws -> Result {
        let progress = ProgressLine(task, unit: unit)
        var rows = 0
        let result = try read { done in
            try Interruption.check()
            rows = done
            progress.update(done: done)
        }
        if rows > 1_000_000 { progress.finish() }
        return result
    }
}

/// In what the times of one table count: `theirs.csv=ms`.
struct TableTimes: ExpressibleByArgument {
    let table: String
    let unit: TimeUnit

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
            let unit = TimeUnit(argument: String(argument[argument.index(after: equals)...]))
        else { return nil }
        table = String(argument[..<equals])
        self.unit = unit
    }

    /// Whether it is about the table at a path: named by the whole path or by the file's name.
    func isOf(_ path: String) -> Bool {
        table == path || table == URL(fileURLWithPath: path).lastPathComponent
    }
}

extension TimeUnit: ExpressibleByArgument {
    /// By its name, or by the usual abbreviation.
    public init?(argument: String) {
        let short: [String: TimeUnit] = [
            "ns": .nanoseconds, "us": .microseconds, "ms": .milliseconds, "s": .seconds,
        ]
        guard let unit = short[argument] ?? TimeUnit(rawValue: argument) else { return nil }
        self = unit
    }
}
