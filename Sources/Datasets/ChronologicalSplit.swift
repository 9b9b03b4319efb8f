import Files

/// The days of a feature store in order of time: for training, for validation, for test, with a gap
/// of whole days, the embargo, before each of the last two.
public struct ChronologicalSplit: Sendable, Equatable {
    /// How many trading days each part has; training takes what is left.
    public struct Days: Sendable, Equatable {
        /// At the start, left out: what features look back to is short there.
        public var warmUp: Int
        /// The most days of training, the last ones; nil for all.
        public var training: Int?
        public var validation: Int
        public var test: Int
        public var embargo: Int
        /// At the end, left out: they belong to later windows of a walk forward.
        public var later: Int

        public init(
            warmUp: Int = 15, training: Int? = nil, validation: Int = 5, test: Int = 20,
            embargo: Int = 1, later: Int = 0
        ) {
            self.warmUp = warmUp
            self.training = training
            self.validation = validation
            self.test = test
            self.embargo = embargo
            self.later = later
        }
    }

    /// The first and the last day of each part, `YYYY-MM-DD`.
    public let train: ClosedRange<String>
    public let validation: ClosedRange<String>
    /// Nil where no day was asked for.
    public let test: ClosedRange<String>?

    /// - Parameter dates: The trading days of the store, ascending.
    /// - Throws: ``Files/FileError`` where they are too few.
    public init(_ days: Days, of dates: [String], file: String) throws(FileError) {
        let end = dates.count - days.later
        let testStart = end - days.test
        let validationEnd = days.test == 0 ? end : testStart - days.embargo
        let validationStart = validationEnd - days.validation
        let trainEnd = validationStart - days.embargo
        guard days.validation > 0, trainEnd > days.warmUp else {
            throw FileError(
                .badData, file: file, "too few trading days for the split",
                expected: "more than \(days.warmUp) days of warm-up, \(days.embargo) of embargo, "
                    + "\(days.validation) of validation, \(days.embargo) of embargo and "
                    + "\(days.test) of test"
                    + (days.later == 0 ? "" : ", \(days.later) of later windows"),
                found: "\(dates.count)",
                advice: "Ask for fewer in the recipe, as --set validation.test_days=5")
        }
        let trainStart = max(days.warmUp, days.training.map { trainEnd - $0 } ?? 0)
        train = dates[trainStart]...dates[trainEnd - 1]
        validation = dates[validationStart]...dates[validationEnd - 1]
        test = days.test == 0 ? nil : dates[testStart]...dates[end - 1]
    }
}
