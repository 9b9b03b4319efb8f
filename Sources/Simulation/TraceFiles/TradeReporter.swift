import Bonds
import Foundation
import Random
import Tape

/// Turns the trades of a simulated market into what dealers report of them, errors included, and
/// into the rows that a clean tape has of them.
///
/// A trade's errors come from random numbers of its own (of its bond, day and place in them), so
/// they depend on no other trade.
struct TradeReporter {
    /// Reports that would come later are never made, and neither are the errors that need them.
    let end: Int64
    private let settings: MarketSettings
    private let bonds: [BondRow]
    /// Reports and rows that are not yet handed on, in the order in which they were made up.
    var reports: [SimulatedReport] = []
    var rows: [TapeRow] = []
    /// Trades whose reports would come after the end.
    private(set) var unreported = 0
    private var made = 0

    /// More than any error draws, so that trades do not share numbers.
    private static let blocksPerTrade = 16
    private static let second: Int64 = 1_000_000_000
    private static let day: Int64 = 86_400 * second

    init(_ market: any SimulatedMarket) {
        bonds = market.bonds
        settings = market.settings
        end = market.dates.last.map(ReportingHours.end) ?? .min
    }

    /// Makes up the reports of a trade.
    mutating func report(_ trade: SimulatedTrade, day: Int, isInvestmentGrade: Bool) {
        guard trade.reportTime <= end else {
            unreported += 1
            return
        }
        var draws = settings.draws(
            .injectedErrors, entity: trade.bond, day: day,
            block: trade.ordinal * Self.blocksPerTrade)
        let plain = SimulatedReport(trade, isInvestmentGrade: isInvestmentGrade)
        guard trade.pieces.isEmpty, !trade.isPrimaryMarket else {
            return reportPieces(of: trade, plain, &draws)
        }
        switch settings.injectedErrors ? InjectedError(at: draws.uniform()) : nil {
        case .cancel: cancel(trade, plain, &draws)
        case .correction: correct(trade, plain, &draws)
        case .reversal: reverse(trade, plain, &draws)
        case .duplicate: duplicate(trade, plain, &draws)
        case .decimalShift: shift(trade, plain, &draws)
        case let error: report(trade, flawed(plain, by: error, &draws), &draws)
        }
    }

    // MARK: Prints that hold

    /// A trade of one print, and where it is between dealers the buyer's report of it.
    private mutating func report(
        _ trade: SimulatedTrade, _ print: SimulatedReport, _ draws: inout CounterStream
    ) {
        let isKept = !print.isPrimaryMarket && !(print.error?.isRemoved ?? false)
        file(print, row: isKept ? row(of: trade, print) : nil)
        fileBuyersReport(of: print, &draws)
    }

    private mutating func reportPieces(
        of trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        let pieces = trade.pieces.map { piece in
            plain.with {
                $0.quantity = piece.quantity
                $0.price = piece.price
                $0.yield = Self.yield(of: trade, at: piece.price)
                $0.reportTime = piece.reportTime
            }
        }
        guard !pieces.isEmpty else { return report(trade, plain, &draws) }
        var row: Int32?
        if !plain.isPrimaryMarket {
            row = self.row(of: trade, plain, prints: pieces.count)
            rows[rows.count - 1].trade.aggregate(pieces)
            rows[rows.count - 1].truth.isSplit = true
        }
        for piece in pieces {
            file(piece, row: row)
            fileBuyersReport(of: piece, &draws)
        }
    }

    /// The flaws that leave a trade with one report.
    private func flawed(
        _ plain: SimulatedReport, by error: InjectedError?, _ draws: inout CounterStream
    ) -> SimulatedReport {
        plain.with {
            $0.error = error
            switch error {
            case .bounceBack:
                let factor = [1.35, 0.65, 0][Int(3 * draws.uniform())]
                $0.price = factor > 0 ? Self.rounded($0.price * factor) : 100
                $0.yield = .nan
            case .whenIssued: $0.isWhenIssued = true
            case .lockedIn: $0.isLockedIn = true
            case .specialPrice:
                $0.isSpecialPrice = true
                $0.price = Self.rounded(max(0.5, $0.price + 4 * draws.uniform() - 2))
            case .missingYield: $0.yield = .nan
            default: break
            }
        }
    }

    // MARK: Prints that are taken back

    private mutating func cancel(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        var wrong = plain.with { $0.error = .cancel }
        if draws.uniform() < 0.5 {
            if plain.side != .dealer, draws.uniform() < 0.5 {
                wrong.side = plain.side == .bid ? .offer : .bid
            } else {
                wrong.price = Self.rounded(plain.price * (draws.uniform() < 0.5 ? 1.05 : 0.95))
                wrong.yield = Self.yield(of: trade, at: wrong.price)
            }
        }
        let time = laterThatDay(than: plain.reportTime, &draws)
        takeBack(trade, wrong, status: .cancel, at: time, else: plain, &draws)
    }

    private mutating func reverse(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        let print = plain.with { $0.error = .reversal }
        let days = Int64(21 + 20 * draws.uniform())
        let time = ReportingHours.next(plain.reportTime + days * Self.day)
        takeBack(trade, print, status: .reversal, at: time, else: plain, &draws)
    }

    /// Files a print and what takes it back, or the plain one where that would come after the end.
    private mutating func takeBack(
        _ trade: SimulatedTrade, _ print: SimulatedReport, status: SimulatedReport.Status,
        at time: Int64, else plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        // The buyer takes his report back a little later.
        let buyersTime = ReportingHours.next(
            time + Int64(60 + 540 * draws.uniform()) * Self.second)
        guard buyersTime <= end else { return report(trade, plain, &draws) }
        let row = row(of: trade, print, withdrawn: time)
        let filed = file(print.with { $0.isReferredTo = true }, row: row)
        file(taking(back: filed, status: status, at: time))
        if let buyers = fileBuyersReport(of: print, isReferredTo: true, &draws) {
            file(taking(back: buyers, status: status, at: buyersTime))
        }
    }

    private func taking(
        back report: SimulatedReport, status: SimulatedReport.Status, at time: Int64
    ) -> SimulatedReport {
        report.with {
            $0.status = status
            $0.reportTime = max(time, report.reportTime + Self.second)
            $0.row = -1
            $0.error = nil
            $0.isReferredTo = false
            guard !status.isNumberedAsOriginal else { return }
            ($0.prior, $0.first) = (report.token, report.token)
            $0.token = 0
        }
    }

    private mutating func correct(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        var prints = [wrong(trade, plain, &draws)]
        var times = [laterThatDay(than: plain.reportTime, &draws)]
        if draws.uniform() < 0.1 {
            let second = laterThatDay(than: times[0], &draws)
            if second <= end {
                prints.append(wrong(trade, plain, &draws))
                times.append(second)
            }
        }
        guard times[0] <= end else { return report(trade, plain, &draws) }
        prints.append(plain)

        var last: SimulatedReport?
        for (index, var print) in prints.enumerated() {
            if let last {
                let time = times[index - 1]
                file(taking(back: last, status: .correctedCancel, at: time))
                print.status = .correction
                print.reportTime = max(time, last.reportTime + Self.second)
                print.prior = last.token
                print.first = last.first == 0 ? last.token : last.first
            }
            print.isReferredTo = index < times.count
            let withdrawn = index < times.count ? times[index] : Int64.max
            last = file(print, row: row(of: trade, print, withdrawn: withdrawn))
        }
        // The buyer had it right from the start.
        fileBuyersReport(of: plain, &draws)
    }

    /// A print with a wrong price or, less often, a wrong size.
    private func wrong(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) -> SimulatedReport {
        plain.with {
            $0.error = .correction
            if draws.uniform() < 0.7 {
                // From the noise of a usual trade to something that anyone sees.
                let least = 0.15 * (trade.truth.lowerScale + trade.truth.upperScale)
                let size = exp(log(least) + draws.uniform() * (log(max(least, 3)) - log(least)))
                let moved = $0.price + (draws.uniform() < 0.5 ? size : -size)
                $0.price = Self.rounded(moved > 0.5 ? moved : $0.price + size)
                $0.yield = Self.yield(of: trade, at: $0.price)
            } else {
                // A zero too many or too few.
                let isSmaller = draws.uniform() < 0.5 || $0.quantity > 10_000_000
                $0.quantity = isSmaller ? $0.quantity / 10 : $0.quantity * 10
            }
        }
    }

    // MARK: Prints that were told wrongly

    private mutating func duplicate(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        let repeated = plain.reportTime + Int64(61 * draws.uniform()) * Self.second
        report(trade, plain, &draws)
        guard repeated <= end else { return }
        rows[rows.count - 1].truth.errorCode = InjectedError.duplicate.rawValue
        file(
            plain.with {
                $0.reportTime = repeated
                $0.error = .duplicate
            })
    }

    private mutating func shift(
        _ trade: SimulatedTrade, _ plain: SimulatedReport, _ draws: inout CounterStream
    ) {
        let factor = [10, 0.1, 100, 0.01][Int(4 * draws.uniform())]
        let shifted = plain.with {
            $0.error = .decimalShift
            $0.price = Self.rounded($0.price * factor)
            $0.yield = .nan
        }
        if draws.uniform() < 0.6 {
            let time = laterThatDay(than: plain.reportTime, &draws)
            takeBack(trade, shifted, status: .cancel, at: time, else: shifted, &draws)
        } else {
            report(trade, shifted, &draws)
        }
        // A clean tape has the point where it belongs, and no digits that the print did not have.
        rows[rows.count - 1].trade.price = Self.rounded(shifted.price / factor)
    }

    // MARK: Filing

    /// Hands a report in; returns it with what tells it from others.
    @discardableResult
    private mutating func file(_ report: SimulatedReport, row: Int32? = nil) -> SimulatedReport {
        var report = report
        made += 1
        report.sequence = made
        if !report.status.isNumberedAsOriginal { report.token = made }
        if let row { report.row = row }
        reports.append(report)
        return report
    }

    /// The other dealer's report of a trade between dealers: one in fifty is off by a little.
    @discardableResult
    private mutating func fileBuyersReport(
        of print: SimulatedReport, isReferredTo: Bool = false, _ draws: inout CounterStream
    ) -> SimulatedReport? {
        guard print.side == .dealer else { return nil }
        let delay = min(900, max(1, (150 * exp(draws.normal())).rounded()))
        let isOff = draws.uniform() < 0.02 && print.error == nil
        let offset = (0.001 + 0.009 * draws.uniform()) * (draws.uniform() < 0.5 ? 1 : -1)
        return file(
            print.with {
                $0.isBuyersReport = true
                $0.isReferredTo = isReferredTo
                $0.reportTime = min(end, print.executionTime + Int64(delay) * Self.second)
                if isOff { $0.price = Self.rounded($0.price + offset) }
                $0.error = nil
            })
    }

    /// Adds a row of the clean tape.
    private mutating func row(
        of trade: SimulatedTrade, _ print: SimulatedReport, withdrawn: Int64 = .max,
        prints: Int = 1
    ) -> Int32 {
        var row = Trade()
        row.cusip = bonds[trade.bond].cusip
        row.figi = bonds[trade.bond].figi
        row.executionTime = print.executionTime
        row.reportTime = print.reportTime
        row.withdrawnTime = withdrawn
        row.isATS = print.isATS
        row.side = print.side
        row.quantity = print.quantity
        row.price = Self.rounded(print.price)
        row.yield = Self.rounded(print.yield)
        var truth = TradeTruth(distribution: trade.truth)
        truth.mid = trade.mid
        truth.latentSpread = trade.latentSpread
        truth.dv01 = trade.dv01
        truth.volatility = trade.volatility
        truth.news = trade.news
        truth.errorCode = print.error?.rawValue ?? ""
        truth.basket = trade.basket
        rows.append(TapeRow(trade: row, truth: truth, unreportedPrints: prints))
        return Int32(rows.count - 1)
    }

    /// A minute to a day later, when TRACE is open.
    private func laterThatDay(than time: Int64, _ draws: inout CounterStream) -> Int64 {
        ReportingHours.next(time + Int64(60 + 86_340 * draws.uniform()) * Self.second)
    }

    /// The yield that TRACE computes for a price near the trade's; NaN for one far from it.
    private static func yield(of trade: SimulatedTrade, at price: Double) -> Double {
        let change = price - trade.price
        guard change != 0 else { return trade.yield }
        guard abs(change) < 10, trade.dv01 > 0 else { return .nan }
        return trade.yield - change / (100 * trade.dv01)
    }

    /// To the six decimals of TRACE.
    private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
