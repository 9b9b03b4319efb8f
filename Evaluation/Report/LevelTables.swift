import Quantiles

extension EvaluationResult {
    /// 95 % intervals of the shares of labels below each tile: from whole days where rows of one
    /// day hang together, else binomial.
    func calibrationIntervals(_ segment: Int) -> [ClosedRange<Double>] {
        let bands = segments[segment].detail?.calibrationBands
        return segments[segment].metrics.calibration.enumerated().map { index, point in
            bands.map { $0.lower[index]...$0.upper[index] } ?? point.lower...point.upper
        }
    }

    /// Where those intervals are from.
    var intervalText: String {
        segments[0].detail?.calibrationBands == nil
            ? "The interval is Wilson's, for independent rows."
            : "The interval is from drawing whole days again."
    }

    var levelSection: ReportSection {
        ReportSection(
            title: "By level",
            text: (shows(.calibration)
                ? "Share of labels at or below each tile. \(intervalText) * the interval misses the "
                    + "level." : "Mean pinball by level."),
            table: levelTable(isBrief: false))
    }

    /// A row a level. Brief: of all rows only.
    func levelTable(isBrief: Bool) -> ReportTable {
        let shown = isBrief ? segments.prefix(1) : segments[...]
        var header = ["level"]
        for segment in shown {
            let name = shown.count > 1 ? segment.name + " " : ""
            if shows(.calibration) {
                header += ["labels below", "95 % interval", "ties"].map { name + $0 }
            }
            if shows(.pinball) { header.append(name + "pinball") }
        }
        let regret = shows(.regret) ? total.regret : nil
        var table = ReportTable(header: header + (regret == nil ? [] : ["oracle's", "regret"]))
        for (index, level) in total.levels.values.enumerated() {
            var cells: [Cell] = [.word(QuantileLevels.percent(level) + " %")]
            for (place, segment) in shown.enumerated() {
                let point = segment.metrics.calibration[index]
                let interval = calibrationIntervals(place)[index]
                if shows(.calibration) {
                    let mark = interval.contains(level) ? "" : " *"
                    cells += [
                        .word(percent(point.share, decimals: 2) + mark),
                        .word(
                            percent(interval.lowerBound, decimals: 2) + " … "
                                + percent(interval.upperBound, decimals: 2)),
                        .count(point.ties),
                    ]
                }
                if shows(.pinball) {
                    cells.append(.number(segment.metrics.pinballByLevel[index], digits: 4))
                }
            }
            if let regret {
                cells += [
                    .number(regret.oraclePinballByLevel[index], digits: 4),
                    .share(regret.byLevel[index], decimals: 2),
                ]
            }
            table.add(cells)
        }
        return table
    }

    /// Tenths of the rows by width, segment by segment.
    var widthSection: ReportSection? {
        let shown = segments.filter { !$0.metrics.widthAgainstError.deciles.isEmpty }
        guard let first = shown.first else { return nil }
        let columns = ["rows", "mean width", "mean error", "median error", "inside 5-95"]
        var table = ReportTable(
            header: ["tenth"]
                + shown.flatMap { segment in
                    columns.map { shown.count > 1 ? "\(segment.name) \($0)" : $0 }
                })
        for place in first.metrics.widthAgainstError.deciles.indices {
            let cells = shown.flatMap { segment -> [Cell] in
                let tenth = segment.metrics.widthAgainstError.deciles[place]
                return [
                    .count(tenth.rows), .number(tenth.meanWidth), .number(tenth.meanAbsoluteError),
                    .number(tenth.medianAbsoluteError), .share(tenth.coverage),
                ]
            }
            table.add([.word("\(place + 1)")] + cells)
        }
        let correlations = shown.map { segment -> String in
            let width = segment.metrics.widthAgainstError
            return (shown.count > 1 ? segment.name + " " : "")
                + "\(text(width.pearson, digits: 3)) and \(text(width.spearman, digits: 3))"
        }
        return ReportSection(
            title: "By width",
            text:
                "Tenths of the rows by ascending width q95 − q5, and how wrong the medians are in "
                + "each, in \(unit). Correlation of width and |median − label|, Pearson and "
                + "Spearman: " + correlations.joined(separator: "; ") + ".",
            table: table)
    }
}
