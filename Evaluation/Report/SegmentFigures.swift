import Quantiles

extension EvaluationResult {
    /// The figures that split rows by hour, week, size and so on.
    var cohortFigures: [Figure?] {
        [
            cohortFigure(
                .hour, percent: 50, title: "Median deviance by trading hour",
                axis: "hour, US/Eastern"),
            cohortFigure(
                .week, percent: 80, title: "80 % deviance by week", axis: "week from"),
            cohortFigure(
                .size, percent: 50, title: "Median deviance by trade size",
                axis: "size, dollars of par"),
            cohortFigure(
                .volume, percent: 50, title: "Median deviance by bond trading volume",
                axis: "fifths of the bonds by par traded"),
            cohortFigure(
                .quoteAge, percent: 50, title: "Median deviance by age of the quote",
                axis: "age of the quote"),
        ]
    }

    var gradeCalibrationFigure: Figure? {
        let grades = segments.dropFirst()
        guard !grades.isEmpty else { return nil }
        let points = grades.map { segment in
            segment.metrics.calibration.map { (x: $0.level, y: 100 * ($0.share - $0.level)) }
        }
        let bands = grades.map { segment in
            segment.detail?.calibrationBands.map { bands in
                segment.metrics.calibration.indices.map { index in
                    let level = segment.metrics.calibration[index].level
                    return (
                        x: level, low: 100 * (bands.lower[index] - level),
                        high: 100 * (bands.upper[index] - level)
                    )
                }
            }
        }
        let ends = bands.compactMap(\.self).flatMap { $0.flatMap { [$0.low, $0.high] } }
        var plot = Plot(
            x: .shares("level of the tile"),
            y: Axis(
                "share below − level, percentage points",
                covering: ends + points.flatMap { $0 }.map(\.y),
                fromZero: true))
        plot.line([(0, 0), (1, 0)], .nominal)
        let marks = marks.dropFirst().map(\.mark)
        for (mark, band) in zip(marks, bands) {
            guard let band else { continue }
            plot.band(band.map { ($0.x, $0.low) }, band.map { ($0.x, $0.high) }, mark)
        }
        for (mark, (segment, points)) in zip(marks, zip(grades, points)) {
            plot.line(points, mark)
            plot.dots(points, mark)
            plot.name(mark, segment.name)
        }
        return Figure(
            name: "calibration-grades", title: "Departure from calibration by grade",
            reading: "Share of labels at or below each tile minus its level. Bands are 95 % "
                + "intervals from drawing whole days again; absent under "
                + "\(CalibrationBands.minimumDays) days.",
            plot: plot)
    }

    /// One quantile of the deviance over the cohorts of a dimension, by grade where known.
    private func cohortFigure(
        _ dimension: CohortDimension, percent: Int, title: String, axis: String
    ) -> Figure? {
        let whole = cohorts.filter { $0.name.dimension == dimension && $0.name.grade == nil }
        guard whole.count > 1 else { return nil }
        let names = whole.map(\.name.cohort)
        let shown = segments.count > 1 ? Array(marks.dropFirst()) : marks
        let lines = shown.map { mark in
            names.enumerated().compactMap { place, cohort -> (x: Double, y: Double)? in
                let found = cohorts.first {
                    $0.name.dimension == dimension && $0.name.cohort == cohort
                        && ($0.name.grade ?? "all") == mark.segment.name && !$0.isSmall
                }
                guard
                    let value = found?.metrics.deviance.first(where: { $0.percent == percent })
                else { return nil }
                return (Double(place + 1), value.value)
            }
        }
        guard lines.contains(where: { !$0.isEmpty }) else { return nil }
        // What others published of the same quantile: a level of its own period.
        let references = shown.flatMap { mark in
            PublishedFigure.credit(published, cohort: mark.segment.name).enumerated()
                .compactMap { place, figure in
                    figure.deviance[String(percent)].map {
                        (
                            mark: mark.mark, name: "\(figure.cohort), \(figure.signal)*",
                            dash: Plot.Dash.published(place), value: $0
                        )
                    }
                }
        }
        var plot = Plot(
            x: .places(axis, names: names),
            y: Axis(
                "\(percent) % of |median − price| up to, \(unit)",
                covering: lines.flatMap { $0 }.map(\.y) + references.map(\.value), fromZero: true))
        for line in references {
            plot.line(
                [(0, line.value), (Double(names.count + 1), line.value)], line.mark, dash: line.dash
            )
        }
        for (mark, points) in zip(shown, lines) where !points.isEmpty {
            plot.line(points, mark.mark)
            plot.dots(points, mark.mark)
            plot.name(mark.mark, mark.segment.name)
        }
        for line in references { plot.name(line.mark, line.name, dash: line.dash) }
        let left = cohorts.contains { $0.name.dimension == dimension && $0.isSmall }
        return Figure(
            name: "deviance-\(dimension.rawValue)", title: title,
            reading: "Lower is better."
                + (left
                    ? " Cohorts of fewer than \(rules.smallSample) trades are left out." : "")
                + (references.isEmpty
                    ? "" : " * As published, over all hours and sizes of another period.")
                + " The table of the cohort has the numbers.",
            plot: plot)
    }

    var autocorrelationFigure: Figure? {
        guard let detail = segments[0].detail, detail.serial.autocorrelation.count > 1 else {
            return nil
        }
        let values = detail.serial.autocorrelation
        let reach = 1.96 / Double(total.rows).squareRoot()
        var plot = Plot(
            x: .places("lag, trades in order of time", count: values.count, isNumbered: true),
            y: Axis("autocorrelation of residuals, −1 to 1", covering: values + [reach, -reach]))
        for (index, value) in values.enumerated() {
            plot.stroke(
                x: Double(index + 1), from: min(0, value), to: max(0, value), .forecast,
                thickness: 8)
        }
        let ends = (0.0, Double(values.count + 1))
        plot.band(
            [(ends.0, -reach), (ends.1, -reach)], [(ends.0, reach), (ends.1, reach)], .nominal)
        plot.line([(ends.0, 0), (ends.1, 0)], .nominal)
        plot.name(.forecast, "all trades")
        plot.name(.nominal, "independent errors, 95 % range")
        return Figure(
            name: "autocorrelation", title: "Autocorrelation of residuals",
            reading: "Lags 1 to \(values.count). Bars beyond the band say that successive errors "
                + "hang together.",
            plot: plot)
    }
}
