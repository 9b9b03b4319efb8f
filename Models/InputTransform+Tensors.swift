import Arrays
import Files

extension InputTransform {
    private enum Key {
        static let feature = "feature"
        static let role = "role"
        static let knotCount = "knot_count"
        static let fill = "fill"
        static let mean = "mean"
        static let deviation = "deviation"
        static let knots = "knots"
        static let scores = "scores"
    }

    /// The transform as tensors of a checkpoint, their names after a prefix: one number a column,
    /// and all knots in a row.
    func tensors(prefix: String) -> [SafetensorsFile.Tensor] {
        let floats: [(String, [Float])] = [
            (Key.fill, columns.map(\.fill)), (Key.mean, columns.map(\.mean)),
            (Key.deviation, columns.map(\.deviation)), (Key.knots, columns.flatMap(\.knots)),
            (Key.scores, columns.flatMap(\.scores)),
        ]
        return [
            .init(prefix + Key.feature, columns.map { Int64($0.feature) }),
            .init(prefix + Key.role, columns.map(\.role.rawValue)),
            .init(prefix + Key.knotCount, columns.map { Int64($0.knots.count) }),
        ] + floats.map { .init(prefix + $0, NDArray($1)) }
    }

    /// Reads the tensors back; the caller checks that there are no others.
    ///
    /// - Throws: ``Files/FileError`` where they are missing or do not fit each other.
    init(
        kind: Kind, features: [String], structure: FeatureStructure, file: SafetensorsFile,
        prefix: String
    ) throws(FileError) {
        let feature = try file.int64s(prefix + Key.feature)
        let roles = try file.int64s(prefix + Key.role).map { Column.Role(rawValue: $0) }
        let knotCount = try file.int64s(prefix + Key.knotCount)
        let fill = try file.floats(prefix + Key.fill)
        let mean = try file.floats(prefix + Key.mean)
        let deviation = try file.floats(prefix + Key.deviation)
        let knots = try file.floats(prefix + Key.knots)
        let scores = try file.floats(prefix + Key.scores)
        let count = feature.count
        let fits =
            [roles.count, knotCount.count, fill.count, mean.count, deviation.count]
            .allSatisfy { $0 == count }
            && feature.allSatisfy { features.indices.contains(Int($0)) }
            && knotCount.allSatisfy { $0 >= 0 && $0 != 1 && $0 <= Self.knotLimit }
            && knotCount.reduce(0, +) == knots.count
            && scores.count == (kind == .quantileNormal ? knots.count : 0)
            && structure.fits(features: features.count)
            && (kind != .clipped || feature == features.indices.map(Int64.init))
        guard fits else { throw Self.damaged(file, count, features.count) }
        var start = 0
        var columns: [Column] = []
        for index in 0..<count {
            let end = start + Int(knotCount[index])
            guard let role = roles[index],
                role != .position || columns.allSatisfy({ $0.role == .position }),
                (role == .position) == (kind == .piecewiseLinear && end > start),
                zip(knots[start..<end], knots[start..<end].dropFirst()).allSatisfy({ $0 < $1 })
            else { throw Self.damaged(file, count, features.count) }
            columns.append(
                Column(
                    feature: Int(feature[index]), role: role, fill: fill[index],
                    mean: mean[index], deviation: deviation[index],
                    knots: Array(knots[start..<end]),
                    scores: scores.isEmpty ? [] : Array(scores[start..<end])))
            start = end
        }
        self.init(kind: kind, features: features, structure: structure, columns: columns)
    }

    private static func damaged(
        _ file: SafetensorsFile, _ columns: Int, _ features: Int
    ) -> FileError {
        FileError(
            .badData, file: file.path, "the input transform does not fit itself",
            expected: "\(columns) columns over \(features) features with their knots",
            advice: "The checkpoint is damaged; train or fetch it again")
    }
}
