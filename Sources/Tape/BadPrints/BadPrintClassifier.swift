import Files
import Foundation

/// Tells the prints whose price is a mistake: a logistic regression on how a print differs from
/// those around it.
///
///     let classifier = try BadPrintClassifier(path: "bad-prints.json")
///     let doubtful = classifier.probabilities(prints, hindsight: true)
///
/// It has two sets of weights: with hindsight, for cleaning a tape, and without, for whoever has
/// to judge a print when it comes in.
public struct BadPrintClassifier: Sendable, Equatable {
    /// What it has to know of a print.
    public struct Print: Sendable, Equatable {
        /// The execution, in UTC epoch nanoseconds.
        public var time: Int64
        /// Per 100 of par.
        public var price: Double
        /// Dollars of par.
        public var quantity: Double

        public init(time: Int64, price: Double, quantity: Double) {
            self.time = time
            self.price = price
            self.quantity = quantity
        }
    }

    /// Prints whose probability is larger are taken for bad.
    public var threshold = 0.5
    var withHindsight: LogisticRegression
    var withoutHindsight: LogisticRegression

    init(withHindsight: LogisticRegression, withoutHindsight: LogisticRegression) {
        self.withHindsight = withHindsight
        self.withoutHindsight = withoutHindsight
    }

    /// How many prints before, and after, the judgement of one rests on.
    public static var reach: Int { BadPrintFeatures.reach }

    /// The probability that a print is bad.
    ///
    /// - Parameters:
    ///   - index: The print.
    ///   - prints: Prints of one bond, ascending in time; only the nearest ones are looked at.
    ///   - hindsight: Whether the prints that come later count too.
    public func probability(of index: Int, in prints: [Print], hindsight: Bool) -> Double {
        var features = BadPrintFeatures()
        var values: [Double] = []
        return probability(of: index, in: prints, hindsight: hindsight, &features, &values)
    }

    /// The probabilities of all prints of one bond, ascending in time.
    public func probabilities(_ prints: [Print], hindsight: Bool) -> [Double] {
        var features = BadPrintFeatures()
        var values: [Double] = []
        return prints.indices.map {
            probability(of: $0, in: prints, hindsight: hindsight, &features, &values)
        }
    }

    private func probability(
        of index: Int, in prints: [Print], hindsight: Bool, _ features: inout BadPrintFeatures,
        _ values: inout [Double]
    ) -> Double {
        values.removeAll(keepingCapacity: true)
        features.append(of: index, in: prints, hindsight: hindsight, to: &values)
        return (hindsight ? withHindsight : withoutHindsight).probability(values)
    }
}

extension BadPrintClassifier {
    /// The file's form: weights by the names of the features.
    private struct Contents: Codable {
        struct Weights: Codable {
            var intercept: Double
            var coefficients: [String: Double]

            init(_ regression: LogisticRegression) {
                intercept = regression.intercept
                coefficients = Dictionary(
                    uniqueKeysWithValues: zip(BadPrintFeatures.names, regression.coefficients))
            }

            /// Nil where the features are others.
            var regression: LogisticRegression? {
                let values = BadPrintFeatures.names.compactMap { coefficients[$0] }
                guard values.count == BadPrintFeatures.names.count,
                    values.count == coefficients.count
                else { return nil }
                return LogisticRegression(intercept: intercept, coefficients: values)
            }
        }

        var threshold: Double
        var withHindsight: Weights
        var withoutHindsight: Weights

        enum CodingKeys: String, CodingKey {
            case threshold
            case withHindsight = "with_hindsight"
            case withoutHindsight = "without_hindsight"
        }
    }

    /// Reads what `write(to:)` wrote.
    public init(path: String) throws(FileError) {
        let data = Data(try FileContents.bytes(of: path))
        guard let contents = try? JSONDecoder().decode(Contents.self, from: data),
            let later = contents.withHindsight.regression,
            let sooner = contents.withoutHindsight.regression,
            contents.threshold > 0, contents.threshold < 1
        else {
            throw FileError(
                .badData, file: path, "not a bad-print classifier",
                expected:
                    "what 'tenor import --fit-bad-prints' wrote: a threshold between 0 and 1, "
                    + "and weights of " + BadPrintFeatures.names.joined(separator: ", "),
                advice: "Fit it again with this version")
        }
        self.init(withHindsight: later, withoutHindsight: sooner)
        threshold = contents.threshold
    }

    /// Writes the classifier as JSON.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let contents = Contents(
            threshold: threshold, withHindsight: Contents.Weights(withHindsight),
            withoutHindsight: Contents.Weights(withoutHindsight))
        try AtomicFile.write(Array(try encoder.encode(contents)), to: path)
    }
}
