import Quantiles

/// How good the forecasts of one cohort are. Losses and errors are in the units of the label.
///
/// A number that is nil could not be computed; `omissions` says why.
public struct ForecastMetrics: Sendable {
    public let rows: Int
    public let levels: QuantileLevels

    /// Mean pinball over rows and levels.
    public let pinball: Double
    public let pinballByLevel: [Double]
    /// Continuous ranked probability score: twice the mean pinball over the levels.
    public var crps: Double { 2 * pinball }

    public let calibration: [CalibrationPoint]
    /// Mean over the levels of |share of labels at or below the tile - level|.
    public let calibrationError: Double
    /// The calibration error to be expected of perfect forecasts of as many independent rows.
    public let calibrationErrorByChance: Double
    /// Share of labels between neighbouring tiles, from below the lowest to above the highest; a
    /// label that equals a tile counts half on either side (the mid-rank PIT). One more than
    /// levels.
    public let sharesBetweenTiles: [Double]
    /// Symmetric about the median, the widest first; among them always 5-95 and 25-75.
    public let bands: [CentralBand]

    /// Quantiles of |median - label|, type 7.
    public let deviance: [DevianceQuantile]
    /// |median - label| at 0 %, 1 % … 99 %, type 7.
    public let devianceCurve: [Double]
    /// Mean of |median - label|.
    public let meanAbsoluteError: Double
    /// Root of the mean of (median - label) squared.
    public let rootMeanSquareError: Double
    /// Mean of label - median.
    public let meanError: Double

    /// Pairs of neighbouring tiles of which the higher level is the lower number.
    public let crossings: Int
    /// Rows with at least one such pair.
    public let crossingRows: Int

    /// Durbin-Watson of label - median in time order.
    public let durbinWatson: Double?
    public let widthAgainstError: WidthAgainstError
    /// The distance to the best possible forecasts; nil without an oracle.
    public internal(set) var regret: Regret?

    /// Why a number is missing, by its key in `metrics.json`.
    public internal(set) var omissions: [Omission]

    /// The percentages of `deviance`.
    public static let deviancePercents = [50, 75, 80, 95]
}

/// How often labels fell at or below the tile of one level.
public struct CalibrationPoint: Sendable, Equatable {
    public let level: Double
    /// Share of labels <= tile.
    public let share: Double
    /// Labels that equal the tile; they are counted as below.
    public let ties: Int
    /// Wilson's 95 % interval of the share, for independent rows.
    public let lower: Double
    public let upper: Double
}

/// How often labels fell between two tiles, both ends included, and how far those are apart.
public struct CentralBand: Sendable, Equatable {
    /// In percent: 5 and 95.
    public let lowerPercent: Double
    public let upperPercent: Double
    /// Nil where the table has not both levels.
    public let coverage: Double?
    /// Mean of upper tile - lower tile, the band's sharpness; nil where the table has not both
    /// levels.
    public let meanWidth: Double?
    /// Mean of the width plus 2/(1 - nominal) times how far labels lie outside; nil where the
    /// table has not both levels.
    ///
    /// Source: Gneiting and Raftery, Strictly Proper Scoring Rules, JASA 102 (2007), eq. 43.
    public let intervalScore: Double?

    public var name: String { shortNumber(lowerPercent) + "-" + shortNumber(upperPercent) }
    public var nominal: Double { (upperPercent - lowerPercent) / 100 }
}

/// One quantile of |median - label|.
public struct DevianceQuantile: Sendable, Equatable {
    public let percent: Int
    public let value: Double
}

/// Whether the forecast knows when it is unsure: the width q95 - q5 against |median - label|.
public struct WidthAgainstError: Sendable, Equatable {
    public let pearson: Double?
    public let spearman: Double?
    /// Tenths of the rows by ascending width; empty where there are too few rows.
    public let deciles: [WidthDecile]

    /// Nothing could be computed.
    public static let none = WidthAgainstError(pearson: nil, spearman: nil, deciles: [])
}

/// A tenth of the rows, by width.
public struct WidthDecile: Sendable, Equatable {
    /// 1 is the narrowest.
    public let decile: Int
    public let rows: Int
    public let meanWidth: Double
    public let meanAbsoluteError: Double
    public let medianAbsoluteError: Double
    /// Share of labels inside the band of that width, 5 % to 95 %.
    public let coverage: Double
}

/// A number that could not be computed, and why.
public struct Omission: Sendable, Encodable, Equatable {
    /// Its key in `metrics.json`.
    public let metric: String
    public let reason: String

    /// What the number belongs to.
    var family: MetricFamily? {
        switch metric.prefix(while: { $0 != "." }) {
        case "coverage": .coverage
        case "durbin_watson": .independence
        case "width_error": .widthError
        case "regret": .regret
        default: nil
        }
    }
}
