import Bonds
import Files
import Quantiles
import Tape

/// One pass over a market folder: prints go into a forecaster as they become known, forecasts come
/// out as trades are executed.
struct ForecastRun<Method: Forecaster> {
    private var forecaster: Method
    /// What prices a bond of which the method knows nothing.
    private var matrix: MatrixForecaster
    private let needsMatrix: Bool
    private var view: MarketView
    private var replay: MarketReplay
    private var residuals: ResidualQuantiles
    private var file: ForecastFile
    private let job: BaselineJob
    private let plan: QueryPlan
    private(set) var summary: BaselineSummary
    private var isLearned = false

    /// Fewer residuals say nothing of the tails.
    private static var fewest: Int { 200 }

    init(
        forecaster: Method, job: BaselineJob, bonds: BondTable, plan: QueryPlan,
        summary: BaselineSummary
    ) throws(FileError) {
        self.forecaster = forecaster
        self.job = job
        self.plan = plan
        self.summary = summary
        matrix = MatrixForecaster(bonds)
        needsMatrix = job.method == .lastTrade || job.method == .evaluated
        view = try MarketView(market: job.market, bonds: bonds)
        replay = try MarketReplay(market: job.market, bonds: bonds)
        residuals = ResidualQuantiles(job.levels)
        file = ForecastFile(
            bonds: bonds, treasuries: try TreasuryTable(market: job.market), levels: job.levels)
    }

    mutating func write(
        to writer: inout CSVWriter, progress: (BaselinePhase) throws -> Void
    ) throws {
        var event = try replay.next()
        for (place, query) in plan.queries.enumerated() {
            while let known = event, known.time < query.time {
                take(known)
                event = try replay.next()
            }
            if place % 1024 == 0 { try progress(.forecasting(place, of: plan.queries.count)) }
            try answer(query, to: &writer)
        }
        try file.flush(to: &writer)
        summary.rows = file.rowCount
        summary.emptyTiles = file.emptyTiles
    }

    private mutating func take(_ event: MarketEvent) {
        switch event {
        case .treasury(let row): view.append(row)
        case .market(let row): view.append(row)
        case .rating: break
        case .reported(let trade, let bond):
            guard let print = view.print(trade, bond: bond) else {
                summary.unseenPrints += 1
                return
            }
            forecaster.observe(print)
            if needsMatrix { matrix.observe(print) }
        case .withdrawn(let trade, let bond):
            let identifier = SeenPrint.identifier(trade)
            forecaster.withdraw(bond: bond, identifier: identifier)
            if needsMatrix { matrix.withdraw(bond: bond, identifier: identifier) }
        }
    }

    private mutating func answer(_ query: ForecastQuery, to writer: inout CSVWriter) throws {
        let isTested = plan.tested.contains(query.time)
        let isTraining = plan.isTraining(query)
        guard let bond = view.bond(Int(query.bond), before: query.time) else {
            if isTested { summary.unpriced += 1 }
            return
        }
        var forecast = forecaster.forecast(query, bond)
        if forecast == nil {
            if isTested { summary.fallbacks += 1 }
            // A forecast from other bonds is as unsure as one from a very old print.
            forecast = matrix.forecast(query, bond)
            forecast?.staleness = 3
        }
        guard let forecast else { return }
        if job.method == .oracle {
            if isTested { try write(query, forecast, [], bond, to: &writer) }
            return
        }
        let cohort = ResidualQuantiles.cohort(
            query, isHighYield: bond.isHighYield, staleness: forecast.staleness)
        if isTraining, !isLearned {
            residuals.add(forecast.residual(query.price, bond), cohort: cohort)
        }
        guard isTested else { return }
        if !isLearned { try learn() }
        try write(query, forecast, residuals.quantiles(cohort: cohort), bond, to: &writer)
    }

    private mutating func write(
        _ query: ForecastQuery, _ forecast: PointForecast, _ residuals: [Double],
        _ bond: BondView, to writer: inout CSVWriter
    ) throws {
        let prices = forecast.prices(job.levels, residuals, bond)
            .map { ForecastFile.rounded($0, digits: 1e6) }
        summary.score(query, prices, point: forecast.point, bond)
        try file.append(
            ForecastFile.Row(
                query: query, prices: prices, cashFlows: bond.cashFlows,
                maturity: view.bonds.rows[Int(query.bond)].terms.maturity), to: &writer)
    }

    /// Ends training.
    private mutating func learn() throws {
        guard residuals.count >= Self.fewest else {
            throw FileError(
                .badData, file: job.market,
                "too few trades up to \(plan.trainTo) to learn quantiles from",
                expected: "at least \(Self.fewest)", found: "\(residuals.count)",
                advice: "Give a later --train-to, or a --from after more days")
        }
        summary.trainingRows = residuals.count
        residuals.learn()
        isLearned = true
    }
}
