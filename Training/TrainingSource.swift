import Arrays
import Datasets
import Files
import QuantileModels

/// Where a training finds its rows: features, the target's residuals or labels, weights.
public struct TrainingSource: Sendable {
    /// Rows that can be asked for by number.
    public struct Rows: Sendable {
        /// In the target's unit.
        public let labels: [Float]
        /// Nil where all rows count the same.
        public let weights: [Float]?
        /// The features of some rows, row by row.
        public let features: @Sendable (_ rows: [Int]) -> [Float]
        /// Told which rows will be asked for soon.
        let willRead: @Sendable (_ rows: [Range<Int>]) -> Void

        public init(
            labels: [Float], weights: [Float]?,
            willRead: @escaping @Sendable (_ rows: [Range<Int>]) -> Void = { _ in },
            features: @escaping @Sendable (_ rows: [Int]) -> [Float]
        ) {
            self.labels = labels
            self.weights = weights
            self.willRead = willRead
            self.features = features
        }
    }

    /// The file or folder, as errors tell it.
    public let file: String
    public let labelName: String
    public let features: [String]
    public let structure: FeatureStructure
    /// Tells whether two runs saw the same data.
    public let fingerprint: String
    public let training: Rows
    public let validation: Rows
    /// Whether rows are so many that their inputs are made a batch at a time.
    public let isStreamed: Bool
    /// What a checkpoint remembers of it beside the above.
    public let provenance: [String: String]

    public init(
        file: String, labelName: String, features: [String], structure: FeatureStructure,
        fingerprint: String, training: Rows, validation: Rows, isStreamed: Bool,
        provenance: [String: String] = [:]
    ) {
        self.file = file
        self.labelName = labelName
        self.features = features
        self.structure = structure
        self.fingerprint = fingerprint
        self.training = training
        self.validation = validation
        self.isStreamed = isStreamed
        self.provenance = provenance
    }

    /// The train and validation parts of a table.
    public init(_ data: TabularData) {
        func rows(_ part: TabularData.Part) -> Rows {
            let width = data.featureCount
            return Rows(labels: part.labels, weights: part.weights) { rows in
                var values: [Float] = []
                values.reserveCapacity(rows.count * width)
                for row in rows { values += part.features[row * width..<(row + 1) * width] }
                return values
            }
        }
        self.init(
            file: data.file, labelName: data.labelName, features: data.featureNames,
            structure: FeatureStructure(), fingerprint: data.fingerprint,
            training: rows(data.train), validation: rows(data.validation), isStreamed: false)
    }

    /// The training rows, then the validation rows, as one.
    var joined: Rows {
        let (first, second) = (training, validation)
        let count = first.labels.count
        let weights = first.weights.map { $0 + (second.weights ?? []) }
        return Rows(labels: first.labels + second.labels, weights: weights) { rows in
            // Most callers ask for ascending runs; order is kept whatever they ask for.
            var values: [Float] = []
            var start = 0
            while start < rows.count {
                let isFirst = rows[start] < count
                var end = start
                while end < rows.count, (rows[end] < count) == isFirst { end += 1 }
                let part = rows[start..<end]
                values +=
                    isFirst ? first.features(Array(part)) : second.features(part.map { $0 - count })
                start = end
            }
            return values
        }
    }
}

extension TrainingSource.Rows {
    /// Some of the rows, numbered anew.
    func subset(_ rows: [Int]) -> Self {
        let features = features
        return Self(
            labels: rows.map { labels[$0] },
            weights: weights.map { weights in
                rows.map { weights[$0] }
            }
        ) { chosen in features(chosen.map { rows[$0] }) }
    }

    var count: Int { labels.count }
}
