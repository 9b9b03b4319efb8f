import Files
import Quantiles

/// The numbers behind the figures and the cohorts of a report, as CSV with all their digits.
struct NumberTables {
    let result: EvaluationResult

    private var total: ForecastMetrics { result.total }
    private var grades: ArraySlice<SegmentResult> { result.segments.dropFirst() }

    /// Writes `levels.csv`, `deviance.csv` and `width.csv`, and `cohorts.csv` where there are any.
    func write(to folder: String) throws {
        if result.shows(.calibration) || result.shows(.pinball) {
            try writeLevels(to: folder + "/levels.csv")
        }
        if result.shows(.deviance) { try writeDeviance(to: folder + "/deviance.csv") }
        if result.shows(.widthError) { try writeWidths(to: folder + "/width.csv") }
        if result.isBond { try writeCohorts(to: folder + "/cohorts.csv") }
    }

    private func writeLevels(to path: String) throws {
        let names = ["share_below", "lower", "upper", "ties", "pinball"]
        let header =
            ["level"] + names + (total.regret == nil ? [] : ["oracle_pinball"])
            + grades.flatMap { grade in names.map { "\(grade.name.lowercased())_\($0)" } }
        let intervals = result.segments.indices.map(result.calibrationIntervals)
        try CSVWriter.write(to: path, header: header) { table in
            for (index, level) in total.levels.values.enumerated() {
                table.field(level)
                for (place, segment) in result.segments.enumerated() {
                    let point = segment.metrics.calibration[index]
                    table.field(point.share)
                    table.field(intervals[place][index].lowerBound)
                    table.field(intervals[place][index].upperBound)
                    table.field(point.ties)
                    table.field(segment.metrics.pinballByLevel[index])
                    if place == 0, let regret = total.regret {
                        table.field(regret.oraclePinballByLevel[index])
                    }
                }
                try table.endRow()
            }
        }
    }

    private func writeDeviance(to path: String) throws {
        let header = ["percent", "deviance"] + grades.map { "\($0.name.lowercased())_deviance" }
        try CSVWriter.write(to: path, header: header) { table in
            for percent in total.devianceCurve.indices {
                table.field(percent)
                for segment in result.segments {
                    table.field(segment.metrics.devianceCurve[percent])
                }
                try table.endRow()
            }
        }
    }

    private func writeWidths(to path: String) throws {
        let header = [
            "segment", "decile", "rows", "mean_width", "mae", "median_absolute_error", "coverage",
        ]
        try CSVWriter.write(to: path, header: header) { table in
            for segment in result.segments {
                for decile in segment.metrics.widthAgainstError.deciles {
                    table.field(segment.name)
                    table.field(decile.decile)
                    table.field(decile.rows)
                    table.field(decile.meanWidth)
                    table.field(decile.meanAbsoluteError)
                    table.field(decile.medianAbsoluteError)
                    table.field(decile.coverage)
                    try table.endRow()
                }
            }
        }
    }

    /// A column of `cohorts.csv`, with what it belongs to.
    private typealias Column = (
        family: MetricFamily, name: String, value: (ForecastMetrics) -> Double?
    )

    private var columns: [Column] {
        func band(_ metrics: ForecastMetrics) -> CentralBand? {
            metrics.bands.first { $0.name == "5-95" }
        }
        let quantiles = ForecastMetrics.deviancePercents.enumerated().map {
            place, percent -> Column in
            (.deviance, "deviance_\(percent)", { $0.deviance[place].value })
        }
        let others: [Column] = [
            (.deviance, "mae", { $0.meanAbsoluteError }), (.pinball, "pinball", { $0.pinball }),
            (.pinball, "crps", { $0.crps }),
            (.calibration, "calibration_error", { $0.calibrationError }),
            (.coverage, "coverage_5_95", { band($0)?.coverage }),
            (.coverage, "mean_width_5_95", { band($0)?.meanWidth }),
            (.independence, "durbin_watson", { $0.durbinWatson }),
        ]
        return (quantiles + others).filter { result.shows($0.family) }
    }

    private func writeCohorts(to path: String) throws {
        let columns = columns
        let header =
            ["grade", "dimension", "cohort", "rows", "bonds", "small_sample"] + columns.map(\.name)
        let segments = result.segments.map {
            (
                grade: $0.name, dimension: "", cohort: "", metrics: $0.metrics,
                bonds: $0.detail?.bonds, isSmall: $0.metrics.rows < result.rules.smallSample
            )
        }
        let cohorts = result.cohorts.map {
            (
                grade: $0.name.grade ?? "all", dimension: $0.name.dimension?.rawValue ?? "",
                cohort: $0.name.cohort, metrics: $0.metrics, bonds: Int?.some($0.bonds),
                isSmall: $0.isSmall
            )
        }
        try CSVWriter.write(to: path, header: header) { table in
            for row in segments + cohorts {
                for text in [row.grade, row.dimension, row.cohort] { table.field(text) }
                table.field(row.metrics.rows)
                Cell.count(row.bonds).write(to: &table)
                table.field(row.isSmall ? "Y" : "N")
                for column in columns { table.field(column.value(row.metrics) ?? .nan) }
                try table.endRow()
            }
        }
    }
}
