import Quantiles

extension ForecastMetrics {
    /// Measures the forecasts of a table against its labels.
    /// - Parameter oracle: the best possible forecasts of the same rows, in the same order, with
    ///   the same levels.
    /// - Precondition: there is at least one row and as many labels as rows.
    init(_ table: ForecastTable, label: [Double], oracle: ForecastTable? = nil) {
        precondition(
            table.rowCount > 0 && label.count == table.rowCount,
            "ForecastMetrics: \(table.rowCount) rows and \(label.count) labels")
        let count = Double(table.rowCount)
        let levels = table.levels
        let counts = LevelCounts(table, label: label)
        let median = table.tiles(level: levels.medianIndex)
        let residuals = zip(label, median).map { $0 - $1 }
        let errors = residuals.map(abs)
        let sortedErrors = errors.sorted()
        var omissions: [Omission] = []

        rows = table.rowCount
        self.levels = levels
        pinballByLevel = counts.loss.map { $0 / count }
        pinball = pinballByLevel.reduce(0, +) / Double(levels.count)
        calibration = counts.calibration(levels)
        calibrationError = calibration.meanAbsoluteError
        calibrationErrorByChance = calibration.meanAbsoluteErrorByChance(rows: table.rowCount)
        sharesBetweenTiles = counts.halvesBetween.map { Double($0) / (2 * count) }
        crossings = counts.crossings
        crossingRows = counts.crossingRows

        bands = [(5, 95), (25, 75)].map { CentralBand(table, label: label, from: $0, to: $1) }
        for band in bands where band.coverage == nil {
            omissions.append(
                Omission(
                    metric: "coverage.\(band.name)",
                    reason: "needs the levels \(band.lowerPercent) % and \(band.upperPercent) %"))
        }

        deviance = Self.deviancePercents.map {
            DevianceQuantile(
                percent: $0, value: sampleQuantile(ofSorted: sortedErrors, at: Double($0) / 100))
        }
        devianceCurve = (0...99).map {
            sampleQuantile(ofSorted: sortedErrors, at: Double($0) / 100)
        }
        meanAbsoluteError = errors.reduce(0, +) / count
        rootMeanSquareError = (residuals.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
        meanError = residuals.reduce(0, +) / count

        if let times = table.executionDate {
            let statistic = QuantileEvaluation.durbinWatson(
                ascendingOrder(of: times).map { residuals[$0] })
            if statistic == nil {
                omissions.append(
                    Omission(
                        metric: "durbin_watson",
                        reason: rows < 2 ? "needs two rows or more" : "all residuals are zero"))
            }
            durbinWatson = statistic
        } else {
            durbinWatson = nil
            omissions.append(
                Omission(metric: "durbin_watson", reason: "the table has no execution_date"))
        }

        if let lower = levels.index(of: 0.05), let upper = levels.index(of: 0.95) {
            widthAgainstError = WidthAgainstError(
                lower: table.tiles(level: lower), upper: table.tiles(level: upper), label: label,
                errors: errors, omissions: &omissions)
        } else {
            widthAgainstError = .none
            omissions.append(
                Omission(metric: "width_error", reason: "needs the levels 5 % and 95 %"))
        }
        regret = oracle.map { Regret(table, label: label, oracle: $0) }
        if let regret, regret.value == nil {
            omissions.append(Omission(metric: "regret", reason: "the oracle's pinball is zero"))
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

    init(_ table: ForecastTable, label: [Double]) {
        let levels = table.levels.values
        rows = table.rowCount
        loss = [Double](repeating: 0, count: levels.count)
        atOrBelow = [Int](repeating: 0, count: levels.count)
        ties = [Int](repeating: 0, count: levels.count)
        halvesBetween = [Int](repeating: 0, count: levels.count + 1)
        for row in 0..<table.rowCount {
            let start = row * levels.count
            let observed = label[row]
            var tilesBelow = 0
            var tilesAtOrBelow = 0
            var rowCrossings = 0
            for level in levels.indices {
                let tile = table.tiles[start + level]
                loss[level] += Quantiles.pinball(
                    label: observed, forecast: tile, level: levels[level])
                if tile == observed { ties[level] += 1 }
                if observed <= tile { atOrBelow[level] += 1 }
                if tile < observed { tilesBelow += 1 }
                if tile <= observed { tilesAtOrBelow += 1 }
                if level > 0, tile < table.tiles[start + level - 1] { rowCrossings += 1 }
            }
            halvesBetween[tilesBelow] += 1
            halvesBetween[tilesAtOrBelow] += 1
            crossings += rowCrossings
            if rowCrossings > 0 { crossingRows += 1 }
        }
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
    fileprivate init(_ table: ForecastTable, label: [Double], from lower: Int, to upper: Int) {
        lowerPercent = lower
        upperPercent = upper
        guard let lowerLevel = table.levels.index(of: Double(lower) / 100),
            let upperLevel = table.levels.index(of: Double(upper) / 100)
        else {
            coverage = nil
            meanWidth = nil
            return
        }
        var inside = 0
        var width = 0.0
        for row in 0..<table.rowCount {
            let from = table.tiles[row * table.levels.count + lowerLevel]
            let to = table.tiles[row * table.levels.count + upperLevel]
            if from <= label[row], label[row] <= to { inside += 1 }
            width += to - from
        }
        coverage = Double(inside) / Double(table.rowCount)
        meanWidth = width / Double(table.rowCount)
    }
}

extension WidthAgainstError {
    fileprivate init(
        lower: [Double], upper: [Double], label: [Double], errors: [Double],
        omissions: inout [Omission]
    ) {
        let widths = zip(upper, lower).map { $0 - $1 }
        pearson = pearsonCorrelation(widths, errors)
        spearman = spearmanCorrelation(widths, errors)
        let reason =
            widths.count < 2
            ? "needs two rows or more"
            : isConstant(widths) ? "all widths are equal" : "all errors are equal"
        if pearson == nil {
            omissions.append(Omission(metric: "width_error.pearson", reason: reason))
        }
        if spearman == nil {
            omissions.append(Omission(metric: "width_error.spearman", reason: reason))
        }
        guard widths.count >= 10, !isConstant(widths) else {
            deciles = []
            omissions.append(
                Omission(
                    metric: "width_error.deciles",
                    reason: widths.count < 10 ? "needs ten rows or more" : "all widths are equal"))
            return
        }
        let order = ascendingOrder(of: widths)
        deciles = (0..<10).map { tenth in
            let members = order[tenth * order.count / 10..<(tenth + 1) * order.count / 10]
            let count = Double(members.count)
            let memberErrors = members.map { errors[$0] }.sorted()
            let inside = members.count { lower[$0] <= label[$0] && label[$0] <= upper[$0] }
            return WidthDecile(
                decile: tenth + 1, rows: members.count,
                meanWidth: members.reduce(0) { $0 + widths[$1] } / count,
                meanAbsoluteError: memberErrors.reduce(0, +) / count,
                medianAbsoluteError: sampleQuantile(ofSorted: memberErrors, at: 0.5),
                coverage: Double(inside) / count)
        }
    }
}
