import ArgumentParser
import Baselines
import Bonds
import FairValue
import Files
import Foundation
import Terminal

struct Baseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Forecasts the trades of a market folder in a classical way.",
        discussion: """
            last-trade   the price of the bond's last trade
            evaluated    the spread of its last trade over today's curve
            matrix       the mean spread of comparable bonds over today's curve
            kalman       one fair value a bond from its trades, related bonds, Treasuries and ETFs
            oracle       the true quantiles of a simulated market

            Every trade that holds is forecast from what was known strictly before its execution. \
            Quantiles are those of the residuals of training trades, by side, class, size and age \
            of the last print. Training ends on --train-to; where that is not given on the day \
            before --from, else after two thirds of the days. A bond without a print is priced by \
            the matrix, and counted.

            Example:
              tenor baseline kalman --market market --train-to 2025-02-28 --out kalman.csv
            """)

    @Argument(help: "last-trade, evaluated, matrix, kalman or oracle.")
    var method: BaselineMethod

    @Option(help: ArgumentHelp("The market folder.", valueName: "folder"))
    var market: String

    @Option(
        help: ArgumentHelp("The last day of training.", valueName: "date"),
        transform: DateArgument.parse)
    var trainTo: CalendarDate?

    @Option(
        help: ArgumentHelp("The first day that is forecast.", valueName: "date"),
        transform: DateArgument.parse)
    var from: CalendarDate?

    @Option(
        help: ArgumentHelp("The last day that is forecast.", valueName: "date"),
        transform: DateArgument.parse)
    var to: CalendarDate?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Leave smaller trades out.", valueName: "dollars"))
    var minQuantity = 0.0

    @Option(
        help: ArgumentHelp(
            "Parameters of the Kalman filter, instead of a fit.", valueName: "json"))
    var parameters: String?

    @Option(
        help: ArgumentHelp("Where to write the fitted parameters.", valueName: "json"))
    var saveParameters: String?

    @Option(help: ArgumentHelp("The forecast table to write.", valueName: "file"))
    var out: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard minQuantity >= 0, minQuantity.isFinite else {
            throw ValidationError("--min-quantity: expected at least 0, found \(minQuantity)")
        }
        if let from, let to, from > to {
            throw ValidationError("--to: expected \(from) or later, since --from is, found \(to)")
        }
        // The quantiles were learned on those days: the forecasts would look too good.
        if let trainTo, let from, from <= trainTo {
            throw ValidationError(
                "--from: expected a day after --train-to, \(trainTo), found \(from)")
        }
        guard method == .kalman || (parameters == nil && saveParameters == nil) else {
            throw ValidationError("only kalman has parameters")
        }
    }

    func run() throws {
        Interruption.listen()
        var job = BaselineJob(method, market: market)
        job.trainTo = trainTo
        job.from = from
        job.to = to
        job.minimumQuantity = minQuantity
        job.parameters = try parameters.map(KalmanParameters.init(path:))
        try OutputPath.check(table: out)
        try OutputPath.check(out, isNot: [parameters].compactMap { $0 })
        for output in [out, saveParameters].compactMap({ $0 }) {
            try OutputPath.check(output, isNotIn: market)
            try OutputPath.checkIsNoInput(output)
        }
        try noteAbsentTables()
        let progress = BaselineProgress(method)
        let summary = try job.run(to: out) {
            progress.update($0)
            try Interruption.check()
        }
        progress.finish()
        if let saveParameters, let fitted = summary.parameters {
            try fitted.write(to: saveParameters)
        }
        if json {
            try StandardOutput.print(json: summary)
        } else {
            print(summary)
        }
    }
}

extension Baseline {
    /// Says what the forecasts lack where an optional table is not there.
    private func noteAbsentTables() throws {
        var effects = [
            "ratings": "every bond counts as investment grade, its sizes capped at $5 million"
        ]
        if method == .kalman {
            effects["markets"] = "no ETF moves a fair value between its trades"
        }
        for (table, effect) in effects.sorted(by: { $0.key < $1.key })
        where try MarketFolder.path(of: table, in: market) == nil {
            StandardError.note(absent: table, without: effect)
        }
    }
}

/// A progress line for each phase of a job.
private final class BaselineProgress {
    private let method: BaselineMethod
    private var line: ProgressLine?
    private var phase = 0

    init(_ method: BaselineMethod) { self.method = method }

    func update(_ next: BaselinePhase) {
        switch next {
        case .reading(let count):
            show(1) { ProgressLine("reading", unit: "rows") }.update(done: count)
        case .fitting(let step, let loss):
            show(2) { ProgressLine("fitting", unit: "steps") }
                .update(done: step, detail: String(format: "loss %.5f", loss))
        case .forecasting(let count, let total):
            show(3) { ProgressLine(method.rawValue, total: total, unit: "trades") }
                .update(done: count)
        }
    }

    func finish() { line?.finish() }

    private func show(_ number: Int, _ make: () -> ProgressLine) -> ProgressLine {
        if let line, phase == number { return line }
        line?.finish()
        let made = make()
        line = made
        phase = number
        return made
    }
}

extension BaselineMethod: ExpressibleByArgument {}
