import Quantiles

extension SignalComparison {
    /// The figures of the report; a signal has its colour on every one.
    var figures: [Figure] {
        [
            devianceFigure, calibrationFigure, cohortFigure(.hour, "hour, US/Eastern"),
            cohortFigure(.week, "week from"), cohortFigure(.size, "size, dollars of par"),
            cohortFigure(.quoteAge, "age of the quote"), intervalFigure,
        ].compactMap(\.self)
    }

    private var devianceFigure: Figure {
        let curves = metrics.map(\.[0]).map { metrics in
            metrics.devianceCurve.enumerated().map { (x: Double($0) / 100, y: $1) }
        }
        // The last percents of the worst signal would press all others to the floor.
        let shown = curves.map { Array($0.prefix(96)) }
        var plot = Plot(
            x: .shares("share of trades"),
            y: Axis(
                "|median − price| up to, \(unit)", covering: shown.flatMap { $0 }.map(\.y),
                fromZero: true))
        for (index, curve) in shown.enumerated() {
            plot.line(curve, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "deviance", title: "Deviance of the medians",
            reading: "Lower is better. That share of the trades is off by no more than the height "
                + "of the curve, which ends at 95 %.",
            plot: plot)
    }

    private var calibrationFigure: Figure? {
        let shown = names.indices.filter { !isPoint[$0] && metrics[$0][0].levels.count > 1 }
        guard !shown.isEmpty else { return nil }
        let lines = shown.map { index in
            metrics[index][0].calibration.map { (x: $0.level, y: 100 * ($0.share - $0.level)) }
        }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "share below − level, percentage points",
                covering: lines.flatMap { $0 }.map(\.y), fromZero: true))
        plot.line([(0, 0), (1, 0)], .nominal)
        for (index, line) in zip(shown, lines) {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "calibration", title: "Departure from calibration",
            reading: "Share of labels at or below each tile minus its level; zero is perfect. "
                + "Signals of one number a trade have no curve.",
            plot: plot)
    }

    private func cohortFigure(_ dimension: CohortDimension, _ axis: String) -> Figure? {
        let rows = cohorts.filter {
            $0.name.dimension == dimension && $0.name.grade == nil && !$0.isSmall
        }
        guard rows.count > 1 else { return nil }
        let lines = names.indices.map { index in
            rows.enumerated().compactMap { place, part in
                value(part, index, "50").map { (x: Double(place + 1), y: $0) }
            }
        }
        var plot = Plot(
            x: .places(axis, names: rows.map(\.name.cohort)),
            y: Axis(
                "median of |median − price|, \(unit)", covering: lines.flatMap { $0 }.map(\.y),
                fromZero: true))
        for (index, line) in lines.enumerated() {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
            plot.name(.signal(index), names[index])
        }
        return Figure(
            name: "deviance-\(dimension.rawValue)",
            title: "Median deviance: \(dimension.titleInline)",
            reading: "Lower is better; cohorts of fewer than \(rules.smallSample) trades are left "
                + "out.", plot: plot)
    }

    /// The differences in pinball, else in the mean error, with their intervals.
    private var intervalFigure: Figure? {
        let measure = parts[0].pairs[0].difference("pinball") == nil ? "mean" : "pinball"
        var bars: [(signal: Int, x: Double, range: ClosedRange<Double>, value: Double)] = []
        for (place, part) in segments.enumerated() {
            // The competitors of a segment stand side by side about its place.
            let step = 0.6 / Double(max(1, part.pairs.count - 1))
            for (index, pair) in part.pairs.enumerated() {
                guard let difference = pair.difference(measure), let range = difference.interval
                else { continue }
                let shift = part.pairs.count > 1 ? step * Double(index) - 0.3 : 0
                bars.append((index + 1, Double(place + 1) + shift, range, difference.difference))
            }
        }
        guard !bars.isEmpty else { return nil }
        var plot = Plot(
            x: .places("segment", names: segments.map(\.name.cohort)),
            y: Axis(
                "\(measure), ours − theirs, \(unit)",
                covering: bars.flatMap { [$0.range.lowerBound, $0.range.upperBound] },
                fromZero: true))
        plot.line([(0, 0), (Double(segments.count + 1), 0)], .nominal)
        for bar in bars {
            plot.stroke(
                x: bar.x, from: bar.range.lowerBound, to: bar.range.upperBound,
                .signal(bar.signal), thickness: 3)
            plot.dots([(bar.x, bar.value)], .signal(bar.signal), radius: 4)
        }
        for index in names.indices.dropFirst() {
            plot.name(.signal(index), "against " + names[index])
        }
        return Figure(
            name: "differences", title: "Differences with their 95 % intervals",
            reading: "Below zero ours is better; an interval that reaches zero leaves it open.",
            plot: plot)
    }
}
