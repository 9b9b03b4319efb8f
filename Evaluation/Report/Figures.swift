import Quantiles

/// A drawing with the sentence that says how to read it.
struct Figure {
    /// File name without `.svg`, and the anchor in the page.
    let name: String
    let title: String
    let reading: String
    let plot: Plot

    func svg(standalone: Bool) -> String {
        plot.svg(standalone: standalone, identifier: name, title: title, description: reading)
    }
}

extension EvaluationResult {
    /// The figures of the report, in reading order; those that the levels do not allow, or the
    /// protocol does not ask for, are absent.
    var figures: [Figure] {
        let figures: [(MetricFamily, [Figure?])] = [
            (.calibration, [calibrationFigure, departureFigure, gradeCalibrationFigure]),
            (.pinball, [pinballFigure]), (.regret, [regretFigure]), (.calibration, [pitFigure]),
            (.widthError, [widthFigure]), (.deviance, [devianceFigure] + cohortFigures),
            (.independence, [autocorrelationFigure]),
        ]
        return figures.filter { shows($0.0) }.flatMap { $0.1.compactMap(\.self) } + [fanFigure]
    }

    /// All rows and the grades, each with its colour; all rows alone where there are none.
    var marks: [(mark: Mark, segment: SegmentResult)] {
        zip([Mark.forecast, .ig, .hy], ["all", "IG", "HY"]).compactMap { mark, name in
            segments.first { $0.name == name }.map { (mark, $0) }
        }
    }

    /// A line with dots for all rows and for each grade.
    private func draw(
        in plot: inout Plot, hasDots: Bool = true,
        _ points: (ForecastMetrics) -> [(x: Double, y: Double)]
    ) {
        let marks = marks
        for (mark, segment) in marks.reversed() {
            plot.line(points(segment.metrics), mark)
            if hasDots { plot.dots(points(segment.metrics), mark) }
        }
        for (mark, segment) in marks {
            plot.name(mark, marks.count > 1 ? segment.name : "forecasts")
        }
    }

    private var calibrationFigure: Figure {
        var plot = Plot(
            x: .shares("level of the tile"), y: .shares("labels at or below the tile"),
            square: true)
        plot.line([(0, 0), (1, 1)], .nominal)
        let intervals = zip(total.levels.values, calibrationIntervals(0))
        plot.band(
            intervals.map { ($0, $1.lowerBound) }, intervals.map { ($0, $1.upperBound) }, .forecast)
        let points = total.calibration.map { (x: $0.level, y: $0.share) }
        plot.line(points, .forecast)
        plot.dots(points, .forecast)
        plot.name(.forecast, "forecasts, 95 % interval")
        plot.name(.nominal, "perfect")
        return Figure(
            name: "calibration", title: "Calibration curve",
            reading: "On the dashed line, labels fall below each tile as often as its level says; "
                + "above it the tiles are too high, below it too low.",
            plot: plot)
    }

    private var departureFigure: Figure {
        let points = total.calibration.map { (x: $0.level, y: 100 * ($0.share - $0.level)) }
        let bars = zip(total.levels.values, calibrationIntervals(0)).map { level, interval in
            (
                level: level, from: 100 * (interval.lowerBound - level),
                to: 100 * (interval.upperBound - level)
            )
        }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "share below − level, percentage points",
                covering: points.map(\.y) + bars.flatMap { [$0.from, $0.to] }, fromZero: true),
            square: true)
        plot.line([(0, 0), (1, 0)], .nominal)
        for bar in bars {
            plot.stroke(x: bar.level, from: bar.from, to: bar.to, .forecast, thickness: 1.5)
        }
        plot.dots(points, .forecast)
        plot.name(.forecast, "forecasts, 95 % interval")
        plot.name(.nominal, "perfect")
        let missed = bars.count { $0.from > 0 || $0.to < 0 }
        let origin =
            segments[0].detail?.calibrationBands == nil
            ? "binomial 95 % intervals (Wilson, independent rows)"
            : "95 % intervals from drawing whole days again"
        return Figure(
            name: "calibration-departure", title: "Departure from calibration",
            reading: "The calibration curve minus its dashed line, magnified. Bars are \(origin); "
                + "\(missed) of \(total.levels.count) do not reach zero.",
            plot: plot)
    }

    private var pinballFigure: Figure {
        let oracle = shows(.regret) ? total.regret?.oraclePinballByLevel ?? [] : []
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "mean pinball, \(unit)",
                covering: marks.flatMap(\.segment.metrics.pinballByLevel) + oracle, fromZero: true))
        if !oracle.isEmpty {
            let points = zip(total.levels.values, oracle).map { (x: $0, y: $1) }
            plot.line(points, .oracle)
            plot.dots(points, .oracle)
        }
        draw(in: &plot) { metrics in
            zip(metrics.levels.values, metrics.pinballByLevel).map { ($0, $1) }
        }
        if !oracle.isEmpty { plot.name(.oracle, "oracle") }
        return Figure(
            name: "pinball", title: "Pinball by level",
            reading: "Lower is better. The loss is naturally highest near the median; "
                + (oracle.isEmpty
                    ? "compare it with another table's at the same level."
                    : "the gap to the oracle is magnified under regret."),
            plot: plot)
    }

    private var regretFigure: Figure? {
        guard let regret = total.regret else { return nil }
        let points = zip(total.levels.values, regret.byLevel).compactMap { level, regret in
            regret.map { (x: level, y: 100 * $0) }
        }
        guard !points.isEmpty else { return nil }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis("pinball above the oracle's, %", covering: points.map(\.y), fromZero: true))
        plot.line([(0, 0), (1, 0)], .oracle)
        plot.line(points, .forecast)
        plot.dots(points, .forecast)
        plot.name(.forecast, "forecasts")
        plot.name(.oracle, "oracle")
        return Figure(
            name: "regret", title: "Regret by level",
            reading: "How much could still be learned at each level: zero is the best possible "
                + "forecast. Over all levels it is \(percent(regret.value, decimals: 2)).",
            plot: plot)
    }

    private var pitFigure: Figure {
        let edges = [0] + total.levels.values + [1]
        let widths = zip(edges.dropFirst(), edges).map { $0 - $1 }
        let densities = zip(total.sharesBetweenTiles, widths).map { $0 / $1 }
        // What a share of independent rows may stray from its nominal value, by chance.
        let reach = widths.map {
            1.96 * ($0 * (1 - $0) / Double(total.rows)).squareRoot() / $0
        }
        var plot = Plot(
            x: .shares("position of the label among the tiles"),
            y: Axis(
                "labels, multiple of the expected share",
                covering: densities + reach.map { 1 + $0 }, fromZero: true))
        for (index, density) in densities.enumerated() {
            plot.bar(from: edges[index], to: edges[index + 1], height: density, .forecast)
        }
        for (index, reach) in reach.enumerated() {
            let ends = (edges[index], edges[index + 1])
            plot.band(
                [(ends.0, max(0, 1 - reach)), (ends.1, max(0, 1 - reach))],
                [(ends.0, 1 + reach), (ends.1, 1 + reach)], .nominal)
        }
        plot.line([(0, 1), (1, 1)], .nominal)
        plot.name(.forecast, "share of labels")
        plot.name(.nominal, "perfect, 95 % range by chance")
        return Figure(
            name: "pit", title: "Where labels fall among the tiles",
            reading: "Flat is calibrated. A valley in the middle means too narrow forecasts, a "
                + "hill too wide ones, a slope a bias.",
            plot: plot)
    }

    private var widthFigure: Figure? {
        func means(_ metrics: ForecastMetrics) -> [(x: Double, y: Double)] {
            metrics.widthAgainstError.deciles.map { ($0.meanWidth, $0.meanAbsoluteError) }
        }
        let all = marks.flatMap { means($0.segment.metrics) }
        guard !all.isEmpty else { return nil }
        var plot = Plot(
            x: Axis("mean width q95 − q5, \(unit)", covering: all.map(\.x), fromZero: true),
            y: Axis("mean |median − label|, \(unit)", covering: all.map(\.y), fromZero: true))
        draw(in: &plot, means)
        return Figure(
            name: "width", title: "Width against error",
            reading: "Each dot is a tenth of the rows, from the narrowest forecasts to the widest. "
                + "A rising line means that the forecast knows when it is unsure.",
            plot: plot)
    }

    private var devianceFigure: Figure {
        func curve(_ metrics: ForecastMetrics) -> [(x: Double, y: Double)] {
            metrics.devianceCurve.enumerated().map { (Double($0) / 100, $1) }
        }
        var plot = Plot(
            x: .shares("share of rows"),
            y: Axis(
                "|median − label| up to, \(unit)",
                covering: marks.flatMap { curve($0.segment.metrics) }.map(\.y), fromZero: true))
        draw(in: &plot, hasDots: false, curve)
        let marked = total.deviance.map { (x: Double($0.percent) / 100, y: $0.value) }
        plot.dots(marked, .forecast, radius: 4)
        for (point, quantile) in zip(marked, total.deviance) {
            // The labels of 75 % and 80 % would overlap on one side.
            plot.note(
                "\(quantile.percent) %: \(text(quantile.value, digits: 3))", at: point,
                below: quantile.percent == 80)
        }
        return Figure(
            name: "deviance", title: "Deviance of the median",
            reading: "The share of rows on the horizontal axis is off by no more than the height "
                + "of the curve, which ends at 99 %.",
            plot: plot)
    }

    private var fanFigure: Figure {
        // Prices of bonds lie far apart, so their forecasts are shown from the median.
        let shown = examples.map { example -> (tiles: [Double], label: Double) in
            let origin = isBond ? example.tiles[total.levels.medianIndex] : 0
            return (example.tiles.map { $0 - origin }, example.label - origin)
        }
        let places = examples.indices.map { Double($0 + 1) }
        var plot = Plot(
            x: .places("example rows, by median", count: examples.count, isNumbered: false),
            y: Axis(
                isBond ? "price − median, points" : unit,
                covering: shown.flatMap { $0.tiles + [$0.label] }))
        let levels = total.levels
        let quartiles = levels.index(of: 0.25).flatMap { lower in
            levels.index(of: 0.75).map { (lower: lower, upper: $0) }
        }
        for (place, example) in zip(places, shown) {
            plot.stroke(
                x: place, from: example.tiles[0], to: example.tiles[levels.count - 1], .forecast,
                thickness: 1.5)
            if let quartiles {
                plot.stroke(
                    x: place, from: example.tiles[quartiles.lower],
                    to: example.tiles[quartiles.upper], .forecast, thickness: 6)
            }
        }
        plot.dots(zip(places, shown).map { ($0, $1.label) }, .label, radius: 3)
        plot.name(.forecast, "forecast")
        plot.name(.label, "label")
        let lowest = QuantileLevels.percent(levels.values[0])
        let highest = QuantileLevels.percent(levels.values[levels.count - 1])
        return Figure(
            name: "examples", title: "Example rows",
            reading: "\(counted(examples.count, "row")) at even distances from the lowest to the "
                + "highest median. The thin line spans the \(lowest) % to \(highest) % tiles"
                + (quartiles == nil ? "" : ", the thick one 25 % to 75 %")
                + "; the circle is the label.",
            plot: plot)
    }
}
