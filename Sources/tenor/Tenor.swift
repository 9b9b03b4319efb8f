import ArgumentParser
import Terminal

@main
struct Tenor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenor",
        abstract:
            "Trains quantile networks that price corporate bonds, and proves how good they are.",
        discussion: """
            Results go to standard output, progress to standard error. Exit codes: 0 success, \
            64 usage, 65 bad data, 66 missing input, 70 internal error, 74 input/output, 130 \
            stopped by Ctrl-C.

            Example:
              tenor train tabular --data prices.csv --out run
            """,
        version: Version.text,
        subcommands: [
            Simulate.self, Import.self, Features.self, Train.self, Experiments.self, Score.self,
            Baseline.self,
            Evaluate.self, Compare.self, Inspect.self, Serve.self, User.self,
            Doctor.self, Bench.self,
        ])

    static func main() async { await Outcome.run(Self.self) }
}
