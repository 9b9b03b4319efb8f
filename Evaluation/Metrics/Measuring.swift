import Quantiles

extension ForecastMetrics {
    /// Measures some rows of a sample.
    /// - Precondition: there is at least one row.
    init(_ sample: Sample, _ set: RowSet) {
        precondition(set.count > 0, "ForecastMetrics: no rows")
        let count = Double(set.count)
        let levels = sample.levels
        let counts = LevelCounts(sample, set.rows)
        let sortedErrors = set.byError.map { sample.error[Int($0)] }
        var omissions: [Omission] = []

        rows = set.count
        self.levels = levels
        pinballByLevel = counts.loss.map { $0 / count }
        pinball = pinballByLevel.reduce(0, +) / Double(levels.count)
        calibration = counts.calibration(levels)
        calibrationError = calibration.meanAbsoluteError
        calibrationErrorByChance = calibration.meanAbsoluteErrorByChance(rows: set.count)
        sharesBetweenTiles = counts.halvesBetween.map { Double($0) / (2 * count) }
        crossings = counts.crossings
        crossingRows = counts.crossingRows

        bands = CentralBand.pairs(of: levels).map {
            CentralBand(sample, set.rows, lower: $0, pinballByLevel: counts.loss.map { $0 / count })
        }
        for band in bands where band.coverage == nil {
            let (lower, upper) = (shortNumber(band.lowerPercent), shortNumber(band.upperPercent))
            omissions.append(
                Omission(
                    metric: "coverage.\(band.name)",
                    reason: "needs the levels \(lower) % and \(upper) %"))
        }

        deviance = Self.deviancePercents.map {
            DevianceQuantile(
                percent: $0, value: sampleQuantile(ofSorted: sortedErrors, at: Double($0) / 100))
        }
        devianceCurve = (0...99).map {
            sampleQuantile(ofSorted: sortedErrors, at: Double($0) / 100)
        }
        var absolute = 0.0
        var squares = 0.0
        var signed = 0.0
        for row in set.rows {
            let residual = sample.residual[Int(row)]
            absolute += residual.magnitude
            squares += residual * residual
            signed += residual
        }
        meanAbsoluteError = absolute / count
        rootMeanSquareError = (squares / count).squareRoot()
        meanError = signed / count

        if let byTime = set.byTime {
            durbinWatson = QuantileEvaluation.durbinWatson(
                byTime.map { sample.residual[Int($0)] })
            if durbinWatson == nil {
                omissions.append(
                    Omission(
                        metric: "durbin_watson",
                        reason: rows < 2 ? "needs two rows or more" : "all residuals are zero"))
            }
        } else {
            durbinWatson = nil
            omissions.append(
                Omission(metric: "durbin_watson", reason: "the table has no execution_date"))
        }

        if let widths = sample.width, let byWidth = set.byWidth {
            widthAgainstError = WidthAgainstError(
                sample, set, widths: widths, byWidth: byWidth, omissions: &omissions)
        } else {
            widthAgainstError = .none
            omissions.append(
                Omission(metric: "width_error", reason: "needs the levels 5 % and 95 %"))
        }
        self.omissions = omissions
    }
}

extension [CalibrationPoint] {
    /// Mean over the levels of |share - level|.
    var meanAbsoluteError: Double {
        reduce(0) { $0 + abs($1.share - $1.level) } / Double(count)
    }

    /// What `meanAbsoluteError` is expected to be for perfect forecasts of independent rows: the
    /// mean of |z| of a standard normal is sqrt(2 / pi), and a mean over levels does not mind
    /// that the levels are dependent.
    func meanAbsoluteErrorByChance(rows: Int) -> Double {
        reduce(0) { $0 + (2 / Double.pi * $1.level * (1 - $1.level) / Double(rows)).squareRoot() }
            / Double(count)
    }
}

/// Sums and counts by level, from one pass over the tiles.
struct LevelCounts {
    private let rows: Int
    var loss: [Double]
    var atOrBelow: [Int]
    var ties: [Int]
    /// Twice the number of labels between neighbouring tiles.
    var halvesBetween: [Int]
    var crossings = 0
    var crossingRows = 0

    init(_ sample: Sample, _ rows: [Int32]) {
        self.init(sample.levels, tiles: sample.tiles, label: sample.label, rows: rows)
    }

    init(_ levels: QuantileLevels, tiles: [Double], label: [Double], rows: [Int32]) {
        let width = levels.count
        self.rows = rows.count
        var loss = [Double](repeating: 0, count: width)
        var atOrBelow = [Int](repeating: 0, count: width)
        var ties = [Int](repeating: 0, count: width)
        var halvesBetween = [Int](repeating: 0, count: width + 1)
        var crossings = 0
        var crossingRows = 0
        tiles.withUnsafeBufferPointer { tiles in
            levels.values.withUnsafeBufferPointer { levels in
                for row in rows {
                    let start = Int(row) * width
                    let observed = label[Int(row)]
                    var tilesBelow = 0
                    var tilesAtOrBelow = 0
                    var rowCrossings = 0
                    for level in 0..<width {
                        let tile = tiles[start + level]
                        loss[level] += Quantiles.pinball(
                            label: observed, forecast: tile, level: levels[level])
                        if tile == observed { ties[level] += 1 }
                        if observed <= tile { atOrBelow[level] += 1 }
                        if tile < observed { tilesBelow += 1 }
                        if tile <= observed { tilesAtOrBelow += 1 }
                        if level > 0, tile < tiles[start + level - 1] { rowCrossings += 1 }
                    }
                    halvesBetween[tilesBelow] += 1
                    halvesBetween[tilesAtOrBelow] += 1
                    crossings += rowCrossings
                    if rowCrossings > 0 { crossingRows += 1 }
                }
            }
        }
        self.loss = loss
        self.atOrBelow = atOrBelow
        self.ties = ties
        self.halvesBetween = halvesBetween
        self.crossings = crossings
        self.crossingRows = crossingRows
    }

    func calibration(_ levels: QuantileLevels) -> [CalibrationPoint] {
        levels.values.indices.map { level in
            let share = Double(atOrBelow[level]) / Double(rows)
            let interval = wilsonInterval(share: share, count: rows)
            return CalibrationPoint(
                level: levels.values[level], share: share, ties: ties[level],
                lower: interval.lowerBound, upper: interval.upperBound)
        }
    }
}

extension CentralBand {
    /// The lower levels of the bands that are shown, the widest band first.
    fileprivate static func pairs(of levels: QuantileLevels) -> [Double] {
        let symmetric = levels.values.filter { $0 < 0.5 && levels.index(of: 1 - $0) != nil }
        let always = [0.05, 0.25].filter { wanted in
            !symmetric.contains { abs($0 - wanted) < 1e-9 }
        }
        return (symmetric + always).sorted()
    }

    fileprivate init(
        _ sample: Sample, _ rows: [Int32], lower: Double, pinballByLevel: [Double]
    ) {
        lowerPercent = (lower * 1e8).rounded() / 1e6
        upperPercent = 100 - lowerPercent
        let levels = sample.levels
        guard let lowerLevel = levels.index(of: lower), let upperLevel = levels.index(of: 1 - lower)
        else {
            coverage = nil
            meanWidth = nil
            intervalScore = nil
            return
        }
        var inside = 0
        var width = 0.0
        for row in rows {
            let from = sample.tiles[Int(row) * levels.count + lowerLevel]
            let to = sample.tiles[Int(row) * levels.count + upperLevel]
            let label = sample.label[Int(row)]
            if from <= label, label <= to { inside += 1 }
            width += to - from
        }
        coverage = Double(inside) / Double(rows.count)
        meanWidth = width / Double(rows.count)
        // The interval score is the pinball of both ends, scaled: no second pass is needed.
        intervalScore = (pinballByLevel[lowerLevel] + pinballByLevel[upperLevel]) / lower
    }
}

extension WidthAgainstError {
    fileprivate init(
        _ sample: Sample, _ set: RowSet, widths: [Double], byWidth: [Int32],
        omissions: inout [Omission]
    ) {
        let rowWidths = set.rows.map { widths[Int($0)] }
        let rowErrors = set.rows.map { sample.error[Int($0)] }
        pearson = pearsonCorrelation(rowWidths, rowErrors)
        spearman = pearsonCorrelation(
            midRanks(of: widths, order: byWidth, rows: set.rows),
            midRanks(of: sample.error, order: set.byError, rows: set.rows))
        let reason =
            rowWidths.count < 2
            ? "needs two rows or more"
            : isConstant(rowWidths) ? "all widths are equal" : "all errors are equal"
        if pearson == nil {
            omissions.append(Omission(metric: "width_error.pearson", reason: reason))
        }
        if spearman == nil {
            omissions.append(Omission(metric: "width_error.spearman", reason: reason))
        }
        guard rowWidths.count >= 10, !isConstant(rowWidths) else {
            deciles = []
            omissions.append(
                Omission(
                    metric: "width_error.deciles",
                    reason: rowWidths.count < 10
                        ? "needs ten rows or more" : "all widths are equal"))
            return
        }
        let levels = sample.levels
        let lower = levels.index(of: 0.05) ?? 0
        let upper = levels.index(of: 0.95) ?? 0
        deciles = (0..<10).map { tenth in
            let members = byWidth[tenth * byWidth.count / 10..<(tenth + 1) * byWidth.count / 10]
            let count = Double(members.count)
            let memberErrors = members.map { sample.error[Int($0)] }.sorted()
            let inside = members.count {
                let start = Int($0) * levels.count
                let label = sample.label[Int($0)]
                return sample.tiles[start + lower] <= label && label <= sample.tiles[start + upper]
            }
            return WidthDecile(
                decile: tenth + 1, rows: members.count,
                meanWidth: members.reduce(0) { $0 + widths[Int($1)] } / count,
                meanAbsoluteError: memberErrors.reduce(0, +) / count,
                medianAbsoluteError: sampleQuantile(ofSorted: memberErrors, at: 0.5),
                coverage: Double(inside) / count)
        }
    }
}

/// Mid-ranks of some rows' values, given those rows in ascending order; in the order of `rows`,
/// which ascend.
private func midRanks(of values: [Double], order: [Int32], rows: [Int32]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[Int(order[end])] == values[Int(order[start])] { end += 1 }
        let rank = Double(start + 1 + end) / 2
        for position in start..<end { ranks[Int(order[position])] = rank }
        start = end
    }
    return rows.map { ranks[Int($0)] }
}
