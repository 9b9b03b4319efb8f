import Quantiles

extension SignalComparison {
    /// The figures of the report; a signal has its colour on every one.
    var figures: [Figure] {
        let errors: [Figure?] = [
            devianceFigure, cohortFigure(.hour, "by trading hour", axis: "hour, US/Eastern"),
            cohortFigure(.week, "by week", axis: "week from"),
            cohortFigure(.size, "by trade size", axis: "size, dollars of par"),
            cohortFigure(.quoteAge, "by age of the quote", axis: "age of the quote"),
        ]
        return
            ((shows(.calibration) ? [calibrationFigure] : [])
            + (shows(.deviance) ? errors : []) + [intervalFigure]).compactMap(\.self)
    }

    /// Names the signals below a figure, and those that its axis leaves out.
    private func name(_ signals: [Int], in plot: inout Plot, beyond: [Int]) {
        for index in signals {
            plot.name(
                .signal(index), names[index] + (beyond.contains(index) ? " (beyond the axis)" : ""))
        }
    }

    /// What the reader of a figure should know of signals that its axis leaves out.
    private func beyondText(_ beyond: [(signal: Int, values: [Double])]) -> String {
        guard !beyond.isEmpty else { return "" }
        let signals = beyond.map { signal, values in
            "\(names[signal]) reaches \(text(values.max { abs($0) < abs($1) }, digits: 3))"
        }
        return " Cut off, so that the others can be told apart: " + sentenceList(signals) + "."
    }

    private var devianceFigure: Figure {
        let curves = metrics.map(\.[0]).map { metrics in
            metrics.devianceCurve.enumerated().map { (x: Double($0) / 100, y: $1) }
        }
        // The last percents would press all that comes before to the floor.
        let shown = curves.map { Array($0.prefix(96)) }
        let axis = Axis.comparable(shown.map { $0.map(\.y) })
        var plot = Plot(
            x: .shares("share of trades"),
            y: Axis("|median − price| up to, \(unit)", covering: axis.values, fromZero: true))
        // Ours comes last, on top of the others.
        for (index, curve) in shown.enumerated().reversed() { plot.line(curve, .signal(index)) }
        name(Array(names.indices), in: &plot, beyond: axis.beyond)
        return Figure(
            name: "deviance", title: "Deviance of the medians",
            reading: "Lower is better. That share of the trades is off by no more than the height "
                + "of the curve, which ends at 95 %."
                + beyondText(axis.beyond.map { ($0, shown[$0].map(\.y)) }),
            plot: plot)
    }

    private var calibrationFigure: Figure? {
        let shown = names.indices.filter { !isPoint[$0] && metrics[$0][0].levels.count > 1 }
        guard !shown.isEmpty else { return nil }
        let lines = shown.map { index in
            metrics[index][0].calibration.map { (x: $0.level, y: 100 * ($0.share - $0.level)) }
        }
        let axis = Axis.comparable(lines.map { $0.map(\.y) })
        let beyond = axis.beyond.map { shown[$0] }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "share below − level, percentage points", covering: axis.values, fromZero: true))
        plot.line([(0, 0), (1, 0)], .nominal)
        for (index, line) in zip(shown, lines).reversed() {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
        }
        name(shown, in: &plot, beyond: beyond)
        return Figure(
            name: "calibration", title: "Departure from calibration",
            reading: "Share of labels at or below each tile minus its level; zero is perfect."
                + (shown.count < names.count
                    ? " Signals of one number a trade have no curve." : "")
                + beyondText(zip(beyond, axis.beyond).map { ($0, lines[$1].map(\.y)) }),
            plot: plot)
    }

    private func cohortFigure(
        _ dimension: CohortDimension, _ title: String, axis name: String
    ) -> Figure? {
        let rows = cohorts.filter {
            $0.name.dimension == dimension && $0.name.grade == nil && !$0.isSmall
        }
        guard rows.count > 1 else { return nil }
        let lines = names.indices.map { index in
            rows.enumerated().compactMap { place, part in
                value(part, index, "50").map { (x: Double(place + 1), y: $0) }
            }
        }
        let axis = Axis.comparable(lines.map { $0.map(\.y) })
        var plot = Plot(
            x: .places(name, names: rows.map(\.name.cohort)),
            y: Axis("median of |median − price|, \(unit)", covering: axis.values, fromZero: true))
        for (index, line) in lines.enumerated().reversed() {
            plot.line(line, .signal(index))
            plot.dots(line, .signal(index))
        }
        self.name(Array(names.indices), in: &plot, beyond: axis.beyond)
        let left = cohorts.contains {
            $0.name.dimension == dimension && $0.name.grade == nil && $0.isSmall
        }
        return Figure(
            name: "deviance-\(dimension.rawValue)", title: "Median deviance \(title)",
            reading: "Lower is better."
                + (left
                    ? " Cohorts of fewer than \(rules.smallSample) trades are left out." : "")
                + beyondText(axis.beyond.map { ($0, lines[$0].map(\.y)) }),
            plot: plot)
    }

    /// The differences in pinball, else in the mean error, with their intervals, in percent of what
    /// each competitor has: so near ones and far ones fit on one axis.
    private var intervalFigure: Figure? {
        let hasPinball = parts[0].pairs.allSatisfy { $0.difference("pinball") != nil }
        guard
            let measure = hasPinball && shows(.pinball)
                ? "pinball" : shows(.deviance) ? "mean" : nil
        else { return nil }
        typealias Bar = (x: Double, range: ClosedRange<Double>, value: Double)
        var bars = [[Bar]](repeating: [], count: names.count)
        for (place, part) in segments.enumerated() {
            // The competitors of a segment stand side by side about its place.
            let step = 0.6 / Double(max(1, part.pairs.count - 1))
            for (index, pair) in part.pairs.enumerated() {
                guard let difference = pair.difference(measure), let range = difference.interval,
                    difference.theirs > 0
                else { continue }
                let shift = part.pairs.count > 1 ? step * Double(index) - 0.3 : 0
                let scale = 100 / difference.theirs
                bars[index + 1].append(
                    (
                        Double(place + 1) + shift,
                        scale * range.lowerBound...scale * range.upperBound,
                        scale * difference.difference
                    ))
            }
        }
        let shown = bars.indices.filter { !bars[$0].isEmpty }
        guard !shown.isEmpty else { return nil }
        let ends = bars.map { $0.flatMap { [$0.range.lowerBound, $0.range.upperBound] } }
        let axis = Axis.comparable(shown.map { ends[$0] })
        let beyond = axis.beyond.map { shown[$0] }
        var plot = Plot(
            x: .places("segment", names: segments.map(\.name.cohort)),
            y: Axis(
                "\(measure == "mean" ? "mean error" : measure), ours above theirs, % of theirs",
                covering: axis.values, fromZero: true))
        plot.line([(0, 0), (Double(segments.count + 1), 0)], .nominal)
        for index in shown {
            for bar in bars[index] {
                plot.stroke(
                    x: bar.x, from: bar.range.lowerBound, to: bar.range.upperBound,
                    .signal(index), thickness: 3)
                plot.dots([(bar.x, bar.value)], .signal(index), radius: 3)
            }
        }
        for index in shown {
            plot.name(
                .signal(index),
                "against " + names[index] + (beyond.contains(index) ? " (beyond the axis)" : ""))
        }
        return Figure(
            name: "differences", title: "Differences with their 95 % intervals",
            reading: "Below zero ours is better; an interval that reaches zero leaves it open. "
                + "Intervals shorter than a dot are hidden by it; the table has the numbers."
                + beyondText(beyond.map { ($0, ends[$0]) }),
            plot: plot)
    }
}
