import ArgumentParser
import Files
import Foundation
import QuantileTraining
import Terminal

struct Experiments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiments",
        abstract: "Lists the runs in a folder: where their recipes differ, and what came out.",
        discussion: """
            Runs are found in the folder and below it, the lowest validation pinball first. It can \
            be compared between runs that were checked on the same rows and weights at the same \
            levels, and the best of those is named.

            Example:
              tenor experiments runs
            """)

    @Argument(help: "A folder of run directories.")
    var folder: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try Self.report(ExperimentTable(Experiment.all(in: folder)), asJSON: json)
    }

    /// Prints the table, and the best run.
    static func report(_ table: ExperimentTable, asJSON: Bool) throws {
        for run in table.experiments where run.state == .damaged || run.state == .failed {
            StandardError.warn("\(run.name): \(run.problem ?? "")")
        }
        if asJSON { return try StandardOutput.print(json: Result(table)) }
        for line in lines(of: table) { print(line) }
        let groups = table.comparable
        if groups.count > 1 {
            print(
                "Not all runs are known to be checked on the same rows, weights and levels; only those "
                    + "that are can be compared.")
        }
        for group in groups {
            guard let pinball = group[0].validationPinball else { continue }
            let settings = table.keys.map { "\($0)=\(group[0].value(of: $0) ?? "none")" }
            let among =
                groups.count == 1
                ? "" : " of " + Spelling.list(group.map(\.name).sorted())
            print(
                String(format: "best%@: %@, validation pinball %.5g", among, group[0].name, pinball)
                    + (settings.isEmpty ? "" : " (" + settings.joined(separator: ", ") + ")"))
        }
        if let best = table.bestOverSeeds {
            print(
                String(format: "best over seeds: mean %.5g of ", best.meanPinball)
                    + best.runs.map(\.name).joined(separator: ", "))
        }
    }

    private static func lines(of table: ExperimentTable) -> [String] {
        let header = ["run", "state", "validation", "steps", "time"] + table.keys
        let rows = table.experiments.map { run -> [String] in
            var cells: [String] = [run.name, run.state.rawValue]
            cells.append(run.validationPinball.map { String(format: "%.5g", $0) } ?? "-")
            cells.append(run.steps.map { "\($0)/\(run.stepsTotal ?? 0)" } ?? "-")
            cells.append(run.seconds.map { String(format: "%.0f s", $0) } ?? "-")
            for key in table.keys { cells.append(run.value(of: key) ?? "-") }
            return cells
        }
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([header] + rows).map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }

    struct Result: Encodable {
        struct Run: Encodable {
            let name: String
            let state: Experiment.State
            let steps: Int?
            let stepsTotal: Int?
            let seconds: Double?
            let validationPinball: Double?
            /// Equal where two runs can be compared.
            let validationFingerprint: String?
            let problem: String?
            /// Where the recipes differ.
            let settings: [Setting]
        }

        struct Setting: Encodable {
            let key: String
            let value: String?
        }

        let runs: [Run]
        /// Nil where not all can be compared.
        let best: String?

        init(_ table: ExperimentTable) {
            runs = table.experiments.map { run in
                Run(
                    name: run.name, state: run.state, steps: run.steps,
                    stepsTotal: run.stepsTotal, seconds: run.seconds,
                    validationPinball: run.validationPinball,
                    validationFingerprint: run.validationFingerprint, problem: run.problem,
                    settings: table.keys.map { Setting(key: $0, value: run.value(of: $0)) })
            }
            best = table.best?.name
        }
    }
}
