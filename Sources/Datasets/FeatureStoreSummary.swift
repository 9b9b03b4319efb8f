import Quantiles

/// What the numbers of a feature store look like, family by family.
public struct FeatureStoreSummary: Sendable, Encodable {
    /// The features of one family together.
    public struct Family: Sendable, Encodable {
        public let family: String
        public let features: Int
        public let mean: Double
        /// Of the values around the family's mean.
        public let deviation: Double
        public let minimum: Double
        public let maximum: Double
        /// The share of values that are exactly 0, which is what stands where nothing is known.
        public let zeroShare: Double
    }

    /// How far from the price the reference alone is, in trades of $150,000 and more.
    public struct Reference: Sendable, Encodable {
        public let rows: Int
        /// Quantiles of the absolute difference in points.
        public let median: Double
        public let upperQuartile: Double
        public let quantile95: Double
        /// Quantiles of the absolute label, which is that difference in units of the scale.
        public let labelMedian: Double
        public let labelQuantile95: Double
    }

    public let rows: Int
    /// Nil where no sampled trade is that large.
    public let reference: Reference?
    /// Rows that were looked at, evenly spaced.
    public let sampledRows: Int
    public let families: [Family]
    /// Features that had one value in all those rows.
    public let constant: [String]
    /// Features that had the same value as an earlier one in all those rows.
    public let identical: [String]
    /// Features with a value that is not finite.
    public let notFinite: [String]

    /// - Parameter most: at most so many rows are looked at.
    public init(_ store: FeatureStore, most: Int = 20_000) {
        let schema = store.schema
        let width = schema.state.count + schema.condition.count
        let step = store.rowCount <= most ? 1 : (store.rowCount - 1) / most + 1
        var columns = [Column](repeating: Column(), count: width)
        var state = [Float](repeating: 0, count: schema.state.count)
        var condition = [Float](repeating: 0, count: schema.condition.count)
        var count = 0
        for row in stride(from: 0, to: store.rowCount, by: step) {
            state.withUnsafeMutableBufferPointer { state in
                condition.withUnsafeMutableBufferPointer { condition in
                    store.copy(
                        rows: CollectionOfOne(row), state: state.baseAddress,
                        condition: condition.baseAddress)
                }
            }
            for index in state.indices { columns[index].add(state[index]) }
            for index in condition.indices { columns[state.count + index].add(condition[index]) }
            count += 1
        }
        rows = store.rowCount
        sampledRows = count
        reference = Self.reference(store, step: step)
        let features = schema.features
        families = Self.families(features, columns, rows: Double(max(count, 1)))
        constant =
            count == 0
            ? []
            : features.indices.filter { columns[$0].isConstant }
                .map { features[$0].name }
        notFinite = features.indices.filter { !columns[$0].isFinite }.map { features[$0].name }
        var first: [UInt64: Int] = [:]
        var identical: [String] = []
        for index in features.indices where count > 0 && !columns[index].isConstant {
            if let twin = first[columns[index].hash] {
                identical.append("\(features[index].name) = \(features[twin].name)")
            } else {
                first[columns[index].hash] = index
            }
        }
        self.identical = identical
    }

    private static func reference(_ store: FeatureStore, step: Int) -> Reference? {
        var points: [Double] = []
        var labels: [Double] = []
        for shard in store.shards {
            let quantities = store.values(.quantity, rows: shard.rows)
            let prices = store.values(.price, rows: shard.rows)
            let references = store.values(.reference, rows: shard.rows)
            let scales = store.values(.scale, rows: shard.rows)
            for row in stride(from: 0, to: quantities.count, by: step)
            where quantities[row] >= 150_000 {
                let difference = abs(prices[row] - Double(references[row]))
                points.append(difference)
                labels.append(difference / Double(scales[row]))
            }
        }
        guard !points.isEmpty else { return nil }
        points.sort()
        labels.sort()
        return Reference(
            rows: points.count, median: sampleQuantile(ofSorted: points, at: 0.5),
            upperQuartile: sampleQuantile(ofSorted: points, at: 0.75),
            quantile95: sampleQuantile(ofSorted: points, at: 0.95),
            labelMedian: sampleQuantile(ofSorted: labels, at: 0.5),
            labelQuantile95: sampleQuantile(ofSorted: labels, at: 0.95))
    }

    private static func families(
        _ features: [FeatureDefinition], _ columns: [Column], rows: Double
    ) -> [Family] {
        var order: [String] = []
        var members: [String: [Int]] = [:]
        for (index, feature) in features.enumerated() {
            if members[feature.family] == nil { order.append(feature.family) }
            members[feature.family, default: []].append(index)
        }
        return order.map { name in
            let indices = members[name] ?? []
            let values = rows * Double(indices.count)
            let mean = indices.reduce(0) { $0 + columns[$1].sum } / values
            let square = indices.reduce(0) { $0 + columns[$1].squares } / values
            return Family(
                family: name, features: indices.count, mean: mean,
                deviation: max(0, square - mean * mean).squareRoot(),
                minimum: Double(indices.map { columns[$0].minimum }.min() ?? 0),
                maximum: Double(indices.map { columns[$0].maximum }.max() ?? 0),
                zeroShare: indices.reduce(0) { $0 + Double(columns[$1].zeros) } / values)
        }
    }

    private struct Column {
        var sum = 0.0
        var squares = 0.0
        var zeros = 0
        var minimum = Float.infinity
        var maximum = -Float.infinity
        var isFinite = true
        /// FNV-1a over the bits.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325

        var isConstant: Bool { minimum == maximum }

        mutating func add(_ value: Float) {
            sum += Double(value)
            squares += Double(value) * Double(value)
            zeros += value == 0 ? 1 : 0
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            isFinite = isFinite && value.isFinite
            hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3
        }
    }
}
