import Random

extension InputTransform {
    /// The most knots or edges that a column may have.
    static let knotLimit = 1_000
    /// The most bins that a recipe may ask for.
    public static let binLimit = knotLimit - 1

    /// Learns the transform from training rows.
    ///
    /// - Parameter bins: Of the piecewise-linear kind: the most bins of a feature. It gets one for
    ///   every twelve rows, but at least 16, and fewer where values repeat.
    public init(
        fitting kind: Kind, to matrix: FeatureMatrix, bins: Int = 128,
        structure: FeatureStructure = .init()
    ) {
        if kind == .clipped {
            var moments = FeatureMoments(features: matrix.names.count)
            matrix.values.withUnsafeBufferPointer { moments.add($0) }
            self.init(features: matrix.names, structure: structure, moments: moments)
            return
        }
        let width = matrix.names.count
        let rows = matrix.rowCount
        var columns: [Column] = []
        var positions: [Column] = []
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
                if kind == .piecewiseLinear {
                    positions.append(column.position(sorted: present, mostBins: bins))
                }
            }
            if hasMissing && !present.isEmpty {
                columns.append(
                    Column(feature: feature, role: .missingFlag, fill: 0, mean: 0, deviation: 1))
            }
        }
        self.init(
            kind: kind, features: matrix.names, structure: structure,
            columns: positions + columns)
    }

    /// The clipped kind, from the moments of training rows.
    public init(features: [String], structure: FeatureStructure, moments: FeatureMoments) {
        self.init(
            kind: .clipped, features: features, structure: structure,
            columns: features.indices.map { feature in
                let (mean, deviation) = moments.scale(of: feature)
                return Column(feature: feature, fill: mean, mean: mean, deviation: deviation)
            })
    }
}

/// Sums over rows that arrive in blocks, from which the clipped kind is fitted.
public struct FeatureMoments: Sendable {
    private var counts: [Double]
    /// Values are summed from the first one seen, so that squares lose little.
    private var origins: [Double]
    private var sums: [Double]
    private var squares: [Double]
    private var isBinary: [Bool]

    public init(features: Int) {
        counts = [Double](repeating: 0, count: features)
        (origins, sums, squares) = (counts, counts, counts)
        isBinary = [Bool](repeating: true, count: features)
    }

    /// Adds rows. Shape: `[row, feature]`; missing cells are NaN.
    public mutating func add(_ values: UnsafeBufferPointer<Float>) {
        let width = counts.count
        guard width > 0 else { return }
        for row in 0..<values.count / width {
            for feature in 0..<width {
                let value = values[row * width + feature]
                if value.isNaN { continue }
                if counts[feature] == 0 { origins[feature] = Double(value) }
                if value != 0 && value != 1 { isBinary[feature] = false }
                let distance = Double(value) - origins[feature]
                counts[feature] += 1
                sums[feature] += distance
                squares[feature] += distance * distance
            }
        }
    }

    /// What a feature is reduced by and divided by; a deviation of 0 for a constant.
    func scale(of feature: Int) -> (mean: Float, deviation: Float) {
        guard counts[feature] > 0 else { return (0, 0) }
        if isBinary[feature] { return (0, 1) }
        let shift = sums[feature] / counts[feature]
        let mean = origins[feature] + shift
        let variance = max(0, squares[feature] / counts[feature] - shift * shift)
        let deviation = Float(variance.squareRoot())
        // So close that single precision has no deviation to divide by.
        let isConstant = variance.squareRoot() <= 1e-9 * abs(mean) || !(1 / deviation).isFinite
        return (Float(mean), isConstant ? 0 : deviation)
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
            feature: feature, fill: values[(values.count - 1) / 2], mean: Float(mean),
            deviation: deviation)
        if kind == .quantileNormal { fitCurve(sorted: values) }
    }

    /// The column that says between which training quantiles a value lies.
    fileprivate func position(sorted values: [Float], mostBins: Int) -> Self {
        var column = self
        column.role = .position
        let bins = min(max(values.count / 12, 16), mostBins)
        let last = values.count - 1
        for edge in 0...bins {
            // Type 7, as `sampleQuantile` has it, without a copy of the values in double precision.
            let place = Double(edge) / Double(bins) * Double(last)
            let low = Int(place)
            let (a, b) = (Double(values[low]), Double(values[min(low + 1, last)]))
            let value = Float(a + (place - Double(low)) * (b - a))
            if column.knots.last.map({ $0 < value }) ?? true { column.knots.append(value) }
        }
        return column
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
