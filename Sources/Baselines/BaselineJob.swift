import Bonds
import FairValue
import Files
import Foundation
import Quantiles
import Tape

/// How far a job is.
public enum BaselinePhase: Sendable {
    /// Trades read so far.
    case reading(Int)
    /// A step of the fit and the mean loss before it.
    case fitting(step: Int, loss: Double)
    /// Trades forecast so far, of how many.
    case forecasting(Int, of: Int)
}

/// Forecasts the trades of a market folder in one of the classical ways.
///
/// A forecast uses what became known strictly before the trade's execution. What is learned, the
/// quantiles of residuals and the filter's parameters, is learned from trades whose price was known
/// when training ended.
public struct BaselineJob: Sendable {
    public var method: BaselineMethod
    /// The market folder.
    public var market: String
    /// The last day of training.
    public var trainTo: CalendarDate?
    /// The first and the last day with a forecast.
    public var from: CalendarDate?
    public var to: CalendarDate?
    /// Only trades of at least so many dollars of par are forecast, and teach quantiles.
    public var minimumQuantity = 0.0
    public var levels = QuantileLevels.standard
    /// Parameters of the Kalman filter; fitted where nil.
    public var parameters: KalmanParameters?

    public init(_ method: BaselineMethod, market: String) {
        self.method = method
        self.market = market
    }

    /// Writes the forecast table; it appears when it is complete.
    /// - Parameter progress: may throw, and then nothing is written.
    /// - Throws: `FileError` where a table is missing or malformed, or there is nothing to forecast
    ///   or to learn from.
    public func run(
        to out: String, progress: (BaselinePhase) throws -> Void = { _ in }
    ) throws -> BaselineSummary {
        let bonds = try BondTable(market: market)
        let plan = try QueryPlan(self, bonds: bonds) { try progress(.reading($0)) }
        var summary = BaselineSummary(self, plan)
        switch method {
        case .oracle:
            let forecaster = try OracleForecaster(job: self, bonds: bonds)
            try run(forecaster, bonds, plan, to: out, &summary, progress)
        case .lastTrade:
            let forecaster = CarriedForecaster(bonds: bonds.rows.count, carriesSpread: false)
            try run(forecaster, bonds, plan, to: out, &summary, progress)
        case .evaluated:
            let forecaster = CarriedForecaster(bonds: bonds.rows.count, carriesSpread: true)
            try run(forecaster, bonds, plan, to: out, &summary, progress)
        case .matrix:
            try run(MatrixForecaster(bonds), bonds, plan, to: out, &summary, progress)
        case .kalman:
            let fitted: KalmanParameters
            if let parameters {
                fitted = parameters
            } else {
                let result = try KalmanTraining(job: self, bonds: bonds, plan: plan)
                    .run(progress: progress)
                fitted = result.parameters
                summary.fit = BaselineSummary.Fit(loss: result.loss, steps: result.steps)
            }
            summary.parameters = fitted
            try run(
                KalmanForecaster(fitted, bonds), bonds, plan, to: out, &summary, progress)
        }
        return summary
    }

    private func run(
        _ forecaster: some Forecaster, _ bonds: BondTable, _ plan: QueryPlan, to out: String,
        _ summary: inout BaselineSummary, _ progress: (BaselinePhase) throws -> Void
    ) throws {
        var run = try ForecastRun(
            forecaster: forecaster, job: self, bonds: bonds, plan: plan, summary: summary)
        try CSVWriter.write(to: out, header: ForecastFile.header(levels)) { writer in
            try run.write(to: &writer, progress: progress)
        }
        summary = run.summary
    }
}
