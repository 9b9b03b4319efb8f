import Datasets
import Files

/// Several trainings, each tested on the trading days that follow it: the `walk_forward` section of
/// a recipe.
///
/// The last window is the split that the recipe has without this section; each one before it ends a
/// test period earlier, so that the test periods follow one another without a gap.
public struct WalkForward: Sendable, Equatable {
    public enum Window: String, CaseIterable, Sendable {
        /// Training begins after the warm-up and grows by a test period each time.
        case expanding
        /// Training is of `trainDays` days and moves on.
        case rolling
    }

    public var window: Window
    /// How many trainings there are.
    public var count: Int
    /// The days of training of a rolling window; nil for an expanding one.
    public var trainDays: Int?
    /// Whether a training goes on from the network of the one before.
    public var isWarmStarted: Bool

    /// Reads the section.
    ///
    /// - Throws: ``Files/FileError`` for a value out of range, or `train_days` where it does not
    ///   belong.
    init(_ settings: Settings) throws(FileError) {
        window = try settings.choice("window", default: Window.expanding)
        count = try settings.int("windows", default: 4, in: 1...10_000)
        trainDays = try settings.optionalInt("train_days", in: 1...100_000)
        isWarmStarted = try settings.bool("warm_start", default: false)
        guard (window == .rolling) == (trainDays != nil) else {
            throw settings.objection(
                to: "train_days",
                "a rolling window has a length, an expanding one has not",
                expected: window == .rolling ? "a number of trading days" : "no such key",
                found: trainDays.map(String.init) ?? "none")
        }
    }

    /// The days of every window, the earliest first.
    ///
    /// - Parameter days: Those of the last window.
    public func windows(_ days: ChronologicalSplit.Days) -> [ChronologicalSplit.Days] {
        (0..<count).reversed().map { later in
            var window = days
            window.training = trainDays
            window.later = later * days.test
            return window
        }
    }
}
