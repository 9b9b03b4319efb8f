import Arrays
import Files

extension InputTransform {
    private enum Key {
        static let feature = "inputs.feature"
        static let isMissingFlag = "inputs.is_missing_flag"
        static let knotCount = "inputs.knot_count"
        static let fill = "inputs.fill"
        static let mean = "inputs.mean"
        static let deviation = "inputs.deviation"
        static let knots = "inputs.knots"
        static let scores = "inputs.scores"
    }

    /// The transform as tensors of a checkpoint: one number a column, and all knots in a row.
    var tensors: [SafetensorsFile.Tensor] {
        [
            .init(Key.feature, columns.map { Int64($0.feature) }),
            .init(Key.isMissingFlag, columns.map { $0.isMissingFlag ? 1 : 0 }),
            .init(Key.knotCount, columns.map { Int64($0.knots.count) }),
            .init(Key.fill, NDArray(columns.map(\.fill))),
            .init(Key.mean, NDArray(columns.map(\.mean))),
            .init(Key.deviation, NDArray(columns.map(\.deviation))),
            .init(Key.knots, NDArray(columns.flatMap(\.knots))),
            .init(Key.scores, NDArray(columns.flatMap(\.scores))),
        ]
    }

    /// Reads the tensors back; the caller checks that there are no others.
    ///
    /// - Throws: ``Files/FileError`` where they are missing or do not fit each other.
    init(kind: Kind, features: [String], file: SafetensorsFile) throws(FileError) {
        let feature = try file.int64s(Key.feature)
        let isMissingFlag = try file.int64s(Key.isMissingFlag)
        let knotCount = try file.int64s(Key.knotCount)
        let fill = try file.floats(Key.fill)
        let mean = try file.floats(Key.mean)
        let deviation = try file.floats(Key.deviation)
        let knots = try file.floats(Key.knots)
        let scores = try file.floats(Key.scores)
        let count = feature.count
        let fits =
            [isMissingFlag.count, knotCount.count, fill.count, mean.count, deviation.count]
            .allSatisfy { $0 == count }
            && feature.allSatisfy { features.indices.contains(Int($0)) }
            && knotCount.allSatisfy { $0 >= 0 && $0 != 1 && $0 <= Self.knotLimit }
            && knotCount.reduce(0, +) == knots.count && knots.count == scores.count
        guard fits else {
            throw FileError(
                .badData, file: file.path, "the input transform does not fit itself",
                expected: "\(count) columns over \(features.count) features with their knots",
                advice: "The checkpoint is damaged; train or fetch it again")
        }
        var start = 0
        var columns: [Column] = []
        for index in 0..<count {
            let end = start + Int(knotCount[index])
            columns.append(
                Column(
                    feature: Int(feature[index]), isMissingFlag: isMissingFlag[index] == 1,
                    fill: fill[index], mean: mean[index], deviation: deviation[index],
                    knots: Array(knots[start..<end]), scores: Array(scores[start..<end])))
            start = end
        }
        self.init(kind: kind, features: features, columns: columns)
    }
}
