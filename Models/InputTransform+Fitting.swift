import Random

extension InputTransform {
    /// The most knots that a quantile-normal curve may have.
    static let knotLimit = 1_000

    /// Learns the transform from training rows.
    public init(fitting kind: Kind, to matrix: FeatureMatrix) {
        let width = matrix.names.count
        let rows = matrix.rowCount
        var columns: [Column] = []
        for feature in 0..<width {
            var present: [Float] = []
            present.reserveCapacity(rows)
            for row in 0..<rows {
                let value = matrix.values[row * width + feature]
                if !value.isNaN { present.append(value) }
            }
            let hasMissing = present.count < rows
            if let column = Column(fitting: kind, feature: feature, values: &present) {
                columns.append(column)
            }
            if hasMissing && !present.isEmpty {
                columns.append(
                    Column(feature: feature, isMissingFlag: true, fill: 0, mean: 0, deviation: 1))
            }
        }
        self.init(kind: kind, features: matrix.names, columns: columns)
    }
}

extension InputTransform.Column {
    /// Nil where the values are constant, or so close that single precision has no deviation to
    /// divide by; sorts them.
    fileprivate init?(
        fitting kind: InputTransform.Kind, feature: Int, values: inout [Float]
    ) {
        values.sort()
        guard let least = values.first, let greatest = values.last, least < greatest else {
            return nil
        }
        let count = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let deviation = Float(variance.squareRoot())
        guard (1 / deviation).isFinite else { return nil }
        self.init(
            feature: feature, isMissingFlag: false, fill: values[(values.count - 1) / 2],
            mean: Float(mean), deviation: deviation)
        if kind == .quantileNormal { fitCurve(sorted: values) }
    }

    /// Knots at evenly spaced ranks; a value that occurs often stands once, at its middle rank.
    private mutating func fitCurve(sorted values: [Float]) {
        let last = values.count - 1
        let knotCount = min(InputTransform.knotLimit, values.count)
        let ranks = (0..<knotCount).map { $0 * last / max(knotCount - 1, 1) }
        var position = 0
        while position < ranks.count {
            let value = values[ranks[position]]
            // The value's first and last place in the sorted list give its middle rank.
            let first = values.partitioningIndex { $0 >= value }
            let beyond = values.partitioningIndex { $0 > value }
            let share = (Double(first + beyond) / 2) / Double(values.count)
            knots.append(value)
            scores.append(Float(normalQuantile(share)))
            while position < ranks.count && values[ranks[position]] == value { position += 1 }
        }
    }
}

extension [Float] {
    /// The first index whose element satisfies `belongs`, where all after it do too.
    fileprivate func partitioningIndex(where belongs: (Float) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
