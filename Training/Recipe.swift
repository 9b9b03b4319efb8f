import Datasets
import Files
import QuantileModels
import Quantiles

/// The numbers of a training: the `training` and `validation` sections of a recipe.
public struct TrainingSettings: Sendable, Equatable {
    /// How long to train at most.
    public var budget: Budget
    /// Rows a step; nil for a number that depends on the rows.
    public var batch: Int?
    /// The peak of the schedule.
    public var learningRate: Double
    public var schedule: Schedule.Shape
    /// Steps over which the rate rises.
    public var warmUp: Int
    public var weightDecay: Double
    /// The largest global norm of a gradient; nil for no clipping.
    public var clip: Double?
    /// The share of the running average of the weights that a step keeps; 0 for no averaging.
    public var averaging: Double
    /// Checks without a new best after which training stops.
    public var patience: Int
    public var seed: UInt64
    /// Steps between checks on the validation rows.
    public var checkEvery: Int

    /// A budget of work, not of time, so that a busy machine gives the same result.
    public enum Budget: Sendable, Equatable {
        /// Optimizer steps.
        case steps(Int)
        /// As many steps as show every training row so many times.
        case epochs(Double)

        /// Optimizer steps on so many rows.
        public func steps(rows: Int, batch: Int) -> Int {
            switch self {
            case .steps(let steps): steps
            case .epochs(let epochs):
                max(1, Int((epochs * Double(rows) / Double(min(batch, rows))).rounded(.up)))
            }
        }
    }

    /// Rows a step where a recipe leaves it open: small data need noise, large data throughput.
    public static func batch(rows: Int) -> Int {
        rows < 2_000 ? 64 : rows < 20_000 ? 256 : 512
    }
}

/// What to train and how: a YAML file, with every key checked.
public struct Recipe: Sendable {
    public let name: String
    public var model: NetworkSpec
    public var levels: QuantileLevels
    public var transform: InputTransform.Kind
    /// The most bins of a feature, for the piecewise-linear transform.
    public var bins: Int
    public var target: ForecastTarget
    /// How many nets are trained, each without a part of the rows that it is checked on; one for
    /// the validation rows that the data name.
    public var folds: Int
    /// The members of a net that forecast once it is trained; nil for all.
    public var keptMembers: Int?
    /// How the trading days of a feature store are split.
    public var days: ChronologicalSplit.Days
    /// Nil for one training.
    public var walkForward: WalkForward?
    public var training: TrainingSettings
    public var recalibration: Recalibration.Kind
    /// The recipe with every default filled in, as it is kept in the run directory.
    public let resolved: String

    /// The recipes in the binary.
    public static let embedded: [String: [UInt8]] = [
        "bonds": PackageResources.bonds_yaml,
        "tabular": PackageResources.tabular_yaml,
        "tabular-small": PackageResources.tabular_small_yaml,
    ]

    /// Finds a recipe: one in the binary by its name, or a file by its path.
    ///
    /// - Parameters:
    ///   - overrides: `key.path=value` of the command line, applied before reading.
    ///   - run: One of a sweep, whose settings are applied last.
    /// - Throws: ``Files/FileError`` for a missing file, an unknown key (naming the nearest known
    ///   one) or a value out of range.
    public init(
        _ nameOrPath: String, overrides: [String] = [], run: Sweep.Run? = nil
    ) throws(FileError) {
        if let bytes = Self.embedded[nameOrPath] {
            try self.init(
                name: nameOrPath,
                settings: Settings(
                    yaml: String(decoding: bytes, as: UTF8.self), file: "recipe \(nameOrPath)"),
                overrides: overrides, run: run)
        } else if !nameOrPath.contains("/") && !nameOrPath.contains(".") {
            throw FileError(
                .missing, file: nameOrPath, "no such recipe",
                expected: "one of " + Self.embedded.keys.sorted().joined(separator: ", ")
                    + ", or the path of a YAML file")
        } else {
            let file = nameOrPath.split(separator: "/").last.map(String.init) ?? nameOrPath
            try self.init(
                name: file.split(separator: ".").first.map(String.init) ?? file,
                settings: Settings(path: nameOrPath), overrides: overrides, run: run)
        }
    }

    /// Reads a recipe's settings.
    public init(
        name: String, settings: Settings, overrides: [String] = [], run: Sweep.Run? = nil
    ) throws(FileError) {
        self.name = name
        try Self.expandModel(settings)
        for override in overrides {
            let parts = override.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw FileError(
                    .badData, file: "--set \(override)", "not a setting",
                    expected: "key.path=value, such as training.steps=1000")
            }
            try Self.set(parts[0], to: parts[1], in: settings)
        }
        for setting in run?.settings ?? [] {
            try Self.set(setting.key, to: setting.value, at: setting.place, in: settings)
        }
        model = try NetworkSpec(settings.sectionOrEmpty("model"))
        let values = try settings.doubles("levels", default: QuantileLevels.standard.values)
        do {
            levels = try QuantileLevels(values)
        } catch {
            throw settings.objection(to: "levels", error.description)
        }
        let inputs = try settings.sectionOrEmpty("inputs")
        transform = try inputs.choice("transform", default: InputTransform.Kind.quantileNormal)
        bins = try inputs.int("bins", default: 128, in: 1...InputTransform.binLimit)
        target = try settings.choice("target", default: ForecastTarget.label)
        let validation = try settings.sectionOrEmpty("validation")
        folds = try validation.int("folds", default: 1, in: 1...100)
        keptMembers = try settings.optionalInt("kept_members", in: 2...256)
        if let keptMembers, keptMembers > model.members {
            throw settings.objection(
                to: "kept_members", "more members than are trained",
                expected: "at most model.members, \(model.members)", found: "\(keptMembers)",
                advice: "Keep all with --set kept_members=null")
        }
        days = ChronologicalSplit.Days(
            warmUp: try validation.int("warm_up_days", default: 15, in: 0...100_000),
            validation: try validation.int("days", default: 5, in: 1...100_000),
            test: try validation.int("test_days", default: 20, in: 0...100_000),
            embargo: try validation.int("embargo_days", default: 1, in: 1...100_000))
        walkForward = try settings.section("walk_forward").map { (section) throws(FileError) in
            try WalkForward(section)
        }
        guard walkForward == nil || days.test > 0 else {
            throw validation.objection(
                to: "test_days", "each window of a walk forward is tested",
                expected: "1 or more", found: "0")
        }
        training = try TrainingSettings(
            settings.sectionOrEmpty("training"),
            validation: validation)
        recalibration = try settings.choice("recalibration", default: Recalibration.Kind.shift)
        if recalibration == .conformal && levels.count < 2 {
            throw settings.objection(
                to: "recalibration", "a conformal shift needs the width between two levels",
                expected: "two levels or more", found: "\(levels.values)")
        }
        try settings.finish()
        resolved = settings.yaml()
    }

    private static func set(
        _ key: String, to value: String, at place: Settings.Place? = nil, in settings: Settings
    ) throws(FileError) {
        try settings.set(key, to: value, at: place)
        // The last of the two that is set is the budget.
        for (budget, other) in [("steps", "epochs"), ("epochs", "steps")]
        where key == "training." + budget { settings.remove("training." + other) }
        if key == "model" { try expandModel(settings) }
    }

    /// Puts the content of a spec in the place of its name.
    private static func expandModel(_ settings: Settings) throws(FileError) {
        guard settings.keys.contains("model"), !settings.isSection("model"),
            let name = try settings.optionalString("model")
        else { return }
        guard let spec = NetworkSpec.embedded[name] else {
            let known = NetworkSpec.embedded.keys.sorted()
            throw settings.objection(
                to: "model", "no such model",
                expected: "one of " + known.joined(separator: ", ") + ", or a mapping",
                found: "'\(name)'",
                advice: name.contains("/") || name.contains(".")
                    ? "The keys of a file stand in a recipe of your own, below 'model:'"
                    : Spelling.nearest(to: name, among: known).map { "Did you mean '\($0)'?" })
        }
        try settings.set(
            "model", to: String(decoding: spec, as: UTF8.self), at: settings.place(of: "model"))
    }
}

extension TrainingSettings {
    /// Reads the `training` and `validation` sections.
    init(_ settings: Settings, validation: Settings) throws(FileError) {
        budget = try Self.budget(settings)
        batch = try settings.optionalInt("batch", in: 1...1_000_000)
        learningRate = try settings.double("learning_rate", default: 0.001, in: 1e-8...10)
        schedule = try settings.choice("schedule", default: Schedule.Shape.cosine)
        warmUp = try settings.int("warm_up", default: 0, in: 0...1_000_000)
        weightDecay = try settings.double("weight_decay", default: 0, in: 0...1)
        clip = try settings.optionalDouble("clip", in: 1e-6...1e6)
        averaging = try settings.double("averaging", default: 0, in: 0...0.99999)
        patience = try settings.int("patience", default: 12, in: 1...1_000_000)
        seed = UInt64(try settings.int("seed", default: 0, in: 0...Int.max))
        checkEvery = try validation.int("every", default: 50, in: 1...1_000_000)
    }

    private static func budget(_ settings: Settings) throws(FileError) -> Budget {
        let steps = 1...100_000_000
        let epochs = try settings.optionalDouble("epochs", in: 1e-6...1e6)
        guard let epochs else {
            return .steps(try settings.int("steps", default: 2_000, in: steps))
        }
        if try settings.optionalInt("steps", in: steps) != nil {
            throw settings.objection(
                to: "epochs", "a training has one budget", expected: "steps or epochs",
                found: "both", advice: "Remove one")
        }
        return .epochs(epochs)
    }
}
