import Quantiles

extension ForecastMetrics {
    /// Measures some rows of a sample.
    /// - Precondition: there is at least one row.
    init(_ sample: Sample, _ set: RowSet) {
        precondition(set.count > 0, "ForecastMetrics: no rows")
        let count = Double(set.count)
        let levels = sample.levels
        let counts = LevelCounts(
            levels, tiles: sample.tiles, label: sample.label, rows: set.rows)
        let sortedErrors = set.byError.map { sample.error[Int($0)] }
        var omissions: [Omission] = []

        rows = set.count
        self.levels = levels
        pinballByLevel = counts.loss.map { $0 / count }
        pinball = pinballByLevel.reduce(0, +) / Double(levels.count)
        calibration = counts.calibration(levels)
        calibrationError = calibration.meanAbsoluteError
        calibrationErrorByChance = calibration.meanAbsoluteErrorByChance(rows: set.count)
        sharesBetweenTiles = sample.order.sharesBetween(set.rows, levelCount: levels.count)
        let crossed = set.rows.filter { sample.order.crossings[Int($0)] > 0 }
        crossings = crossed.reduce(0) { $0 + Int(sample.order.crossings[Int($1)]) }
        crossingRows = crossed.count

        bands = CentralBand.pairs(of: levels).map {
            CentralBand(sample, counts, crossed: crossed, lower: $0)
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
        _ sample: Sample, _ counts: LevelCounts, crossed: [Int32], lower: Double
    ) {
        lowerPercent = (lower * 1e8).rounded() / 1e6
        upperPercent = 100 - lowerPercent
        let levels = sample.levels
        guard let from = levels.index(of: lower), let to = levels.index(of: 1 - lower) else {
            coverage = nil
            meanWidth = nil
            intervalScore = nil
            return
        }
        // Labels at or below the upper tile less those below the lower one; only where tiles cross
        // may a label be both above the upper and below the lower one.
        let both = crossed.count { row in
            let start = Int(row) * levels.count
            let label = sample.label[Int(row)]
            return sample.tiles[start + to] < label && label < sample.tiles[start + from]
        }
        let inside =
            counts.atOrBelow[to] - counts.atOrBelow[from] + counts.ties[from] + both
        let rows = Double(counts.rows)
        coverage = Double(inside) / rows
        meanWidth = (counts.sum[to] - counts.sum[from]) / rows
        // The interval score is the pinball of both ends, scaled: no second pass is needed.
        intervalScore = (counts.loss[from] + counts.loss[to]) / rows / lower
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
        // Dealing out the errors in their order leaves those of each tenth in order.
        var tenthOf = [Int16](repeating: -1, count: widths.count)
        for (place, row) in byWidth.enumerated() {
            tenthOf[Int(row)] = Int16((10 * (place + 1) - 1) / byWidth.count)
        }
        let byError = deal(set.byError, tenthOf, count: 10)
        deciles = byError.enumerated().map { tenth, members in
            let count = Double(members.count)
            let errors = members.map { sample.error[Int($0)] }
            let inside = members.count { row in
                // Where tiles ascend, their number tells whether one of them is below the label.
                let place = Int(row)
                if sample.order.crossings[place] == 0 {
                    return lower < sample.order.atOrBelow[place]
                        && upper >= sample.order.below[place]
                }
                let start = place * levels.count
                let label = sample.label[place]
                return sample.tiles[start + lower] <= label && label <= sample.tiles[start + upper]
            }
            return WidthDecile(
                decile: tenth + 1, rows: members.count,
                meanWidth: members.reduce(0) { $0 + widths[Int($1)] } / count,
                meanAbsoluteError: errors.reduce(0, +) / count,
                medianAbsoluteError: sampleQuantile(ofSorted: errors, at: 0.5),
                coverage: Double(inside) / count)
        }
    }
}

/// Mid-ranks of some rows' values, given those rows in ascending order; in the order of `rows`,
/// which ascend.
private func midRanks(of values: [Double], order: [Int32], rows: [Int32]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    ranks.withUnsafeMutableBufferPointer { ranks in
        order.withUnsafeBufferPointer { order in
            var start = 0
            while start < order.count {
                let value = values[Int(order[start])]
                var end = start + 1
                while end < order.count, values[Int(order[end])] == value { end += 1 }
                let rank = Double(start + 1 + end) / 2
                for position in start..<end { ranks[Int(order[position])] = rank }
                start = end
            }
        }
    }
    return rows.map { ranks[Int($0)] }
}
