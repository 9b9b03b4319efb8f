import ArgumentParser
import Foundation
import Simulation

struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Makes data whose true conditional quantiles are known.",
        discussion: """
            Writes a CSV file with columns x0, x1, …, label and split, and beside it the true \
            quantiles as a forecast table, so that the distance to the best possible forecast can \
            be measured. The same arguments give the same bytes.

            Example:
              tenor simulate --kind regression --rows 100000 --columns 50 --out known.csv
            writes known.csv and known.oracle.csv.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case regression
    }

    @Option(help: "What to simulate.")
    var kind: Kind

    @Option(help: "Number of rows.")
    var rows: Int

    @Option(help: "Number of feature columns, at least \(RegressionGenerator.fewestColumns).")
    var columns: Int

    @Option(help: "Fixes everything that is random.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The data file to write.", valueName: "csv"))
    var out: String

    func validate() throws {
        let least = RegressionGenerator.fewestColumns
        guard (1...10_000_000_000).contains(rows) else {
            throw ValidationError("--rows: expected 1 to 10,000,000,000, found \(rows)")
        }
        guard (least...100_000).contains(columns) else {
            throw ValidationError("--columns: expected \(least) to 100,000, found \(columns)")
        }
    }

    func run() async throws {
        let generator = try RegressionGenerator(columns: columns, seed: seed)
        let progress = ProgressLine("simulating", total: rows, unit: "rows")
        Interruption.listen()
        try generator.write(rows: rows, to: out) {
            progress.update(done: $0)
            try Interruption.check()
        }
        progress.finish()
        print("data    \(out)")
        print("oracle  \(RegressionGenerator.oraclePath(for: out))")
    }
}
