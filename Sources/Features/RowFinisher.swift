import Bonds
import FairValue

/// Turns captured rows into features.
///
/// It has what never changes, and the market grid, of which it only reads slots that the next days do
/// not overwrite: rows may be finished on any threads while events are applied on another, but for
/// those that change the grid's past (``FeatureEngine/beforeRewrite``).
struct RowFinisher: Sendable {
    let layout: FeatureLayout
    let parameters: FairValueParameters
    let terms: [BondTerms]
    let calls: [CallSchedule?]
    let grid: MarketGrid
    /// What the filter of the market takes trades for.
    let groups: KalmanGroups

    /// Finishes a row in place, whose fair value has been stored in it.
    /// - Returns: what its label is counted from.
    @discardableResult
    func finish(_ context: RowContext, _ row: UnsafeMutablePointer<Float>) -> FeatureReference {
        let fair = row + FeatureLayout.fairStart
        let estimate = UnsafeRawPointer(fair).loadUnaligned(as: FairEstimate.self)
        let price = RowPrice(context, estimate, parameters)
        finishFair(context, price, estimate, fair)
        finishBond(context, price, estimate, row + FeatureLayout.bondStart)
        if layout.hasSwaps { finishSwaps(price, row + layout.swapStart) }
        finishHistory(context, price, row)
        for step in 0..<FeatureLayout.printSteps {
            finishPrint(
                context, price, isOwn: step < FeatureLayout.ownSteps, row + 16 * step)
        }
        let signals = row + FeatureLayout.signalStart
        finishSums(context, price, row + FeatureLayout.decayedStart, signals)
        if context.isSeen {
            finishSignals(price, signals)
            finishWorst(context, price, signals)
        }
        let width = layout.stateWidth
        // A price beyond all measure must not become infinite.
        for index in 0..<width where !row[index].isFinite { row[index] = 0 }
        return price.reference
    }

    @inline(__always)
    private func finishPrint(
        _ context: RowContext, _ price: RowPrice, isOwn: Bool, _ row: UnsafeMutablePointer<Float>
    ) {
        let print = UnsafeRawPointer(row).loadUnaligned(as: Print.self)
        // A step without a print is zero already.
        guard print.flags & Print.exists != 0 else { return }
        let units = price.unitsPerSpread
        let (residual, raw): (Float, Float)
        if isOwn {
            let now =
                price.logSpread - Float(parameters.creditLoading) * context.credit
            residual = clip(-(print.level - now) * units, 12)
            raw = clip(-(print.rawLevel - now) * units, 12)
        } else {
            residual = clip(-print.innovation * units, 12)
            raw = clip(-print.kept * units, 12)
        }
        let seconds = Float(max(0, context.time - print.executed)) / 1e9
        let slot = grid.row(min(max(print.slot, context.oldestSlot), context.newestSlot))
        let creditMove = context.market[context.creditColumn] - slot[context.creditColumn]
        let curveMove = price.curve.yield(context.market) - price.curve.yield(slot)
        row[0] = 1
        row[1] = residual
        row[2] = raw
        row[3] = ln1p(seconds / 600)
        row[4] = residual * e(-seconds / 3600)
        row[5] = Float(print.side)
        row[6] = print.side == 0 ? 1 : 0
        row[7] = clip(print.size, -4, 1)
        row[8] = print.isATS ? 1 : 0
        row[9] = residual * min(1, print.weight)
        row[10] = print.weight
        row[11] = clip(creditMove * units, 12)
        row[12] = clip(-10 * Float(price.dv01) * curveMove / price.unit, 12)
        if isOwn {
            row[13] = clip(-print.innovation * units, 12)
            row[14] = clip((print.price - Float(price.price)) / price.unit, 12)
            row[15] = print.isCapped ? 1 : 0
        } else {
            row[13] = clip(print.logYears - context.logYears, 3)
            row[14] = clip(print.logRisk - price.logRisk, 3)
            row[15] = print.executed > context.lastExecuted ? 1 : 0
        }
    }

    /// The market's changes over each lag; before the prints are finished, since the last channel
    /// is the mean innovation of the issuer's prints within the lag.
    private func finishHistory(
        _ context: RowContext, _ price: RowPrice, _ row: UnsafeMutablePointer<Float>
    ) {
        var issuer = (SIMD32<Float>(), SIMD32<Float>())
        let steps = FeatureLayout.lagSteps
        let lags = Self.lags
        let position = Float(context.days * MarketGrid.slotsADay - Double(context.newestSlot))
        for step in 0..<FeatureLayout.ownSteps + FeatureLayout.issuerSteps {
            let print = UnsafeRawPointer(row + 16 * step).loadUnaligned(as: Print.self)
            guard print.flags & Print.exists != 0 else { continue }
            // Into the shortest lag that reaches back to it.
            let age = position + Float(context.newestSlot - print.slot)
            var lag = 0
            while lag < steps - 1, age > lags[lag] { lag += 1 }
            if lag < steps - 1 {
                issuer.0[lag] += print.weight * print.innovation
                issuer.1[lag] += print.weight
            }
            if print.slot >= context.lastSlot, context.lastSlot >= 0 {
                issuer.0[steps - 1] += print.weight * print.innovation
                issuer.1[steps - 1] += print.weight
            }
        }
        let now = context.market
        var (sum, weight): (Float, Float) = (0, 0)
        for step in 0..<steps {
            let target = row + FeatureLayout.historyStart + 16 * step
            let isLast = step == steps - 1
            if isLast, context.lastSlot < 0 {
                for channel in 0..<16 where channel != 12 && channel != 13 { target[channel] = 0 }
                continue
            }
            let back = Int32((position - lags[step]).rounded(.down))
            let wanted = isLast ? context.lastSlot : context.newestSlot + back
            let slot = grid.row(min(max(wanted, context.oldestSlot), context.newestSlot))
            for column in 0..<12 { target[column] = now[column] - slot[column] }
            target[14] = clip(
                (now[context.creditColumn] - slot[context.creditColumn])
                    * price.unitsPerSpread, 12)
            sum = isLast ? issuer.0[step] : sum + issuer.0[step]
            weight = isLast ? issuer.1[step] : weight + issuer.1[step]
            target[15] = clip(-price.unitsPerSpread * sum / (weight + 0.5), 12)
        }
    }

    /// The lags in slots of five minutes; the last step is that of the bond's last print.
    private static let lags = SIMD32<Float>(
        1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 72, 120, 240, 360, 480, 600, 720, 840, 1080, 1320,
        1560, 1920, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    /// The decayed statistics of the six groups, and the signals that are made of their sums.
    private func finishSums(
        _ context: RowContext, _ price: RowPrice, _ row: UnsafeMutablePointer<Float>,
        _ signals: UnsafeMutablePointer<Float>
    ) {
        let units = price.unitsPerSpread
        for group in 0..<6 {
            let passed = max(0, context.days - context.groupDays[group])
            for index in 0..<6 {
                let decay = Float(twoTo(-passed / halfLife(index)))
                let here = row + 36 * group + 6 * index
                let weight = max(0, here[1] * decay)
                let count = max(0, here[3] * decay)
                let flow = here[2] * decay
                if group == 0, index == DecayedSums.quoteHalfLife, context.isSeen {
                    let clients = decay * (context.quotes[1] + context.quotes[3])
                    signals[14] = clip(1 - clients / max(count, 0.01), 0, 1)
                }
                if group < 3, index == DecayedSums.quoteHalfLife {
                    finishQuotes(context, price, group, decay, signals)
                }
                let meanAbsolute = here[4] / max(here[3], 1e-3)
                let meanATS = here[5] / max(here[3], 1e-3)
                here[0] = clip(-units * here[0] * decay / (weight + 0.5), 12)
                here[1] = ln1p(weight)
                here[2] = flow < 0 ? -ln1p(-flow) : ln1p(flow)
                here[3] = ln1p(count)
                here[4] = ln(0.001 + clip(meanAbsolute, 0, 2))
                here[5] = clip(meanATS, 0, 1)
            }
        }
    }

    /// The distance of offers from bids, and whose prints prevail.
    private func finishQuotes(
        _ context: RowContext, _ price: RowPrice, _ group: Int, _ decay: Float,
        _ signals: UnsafeMutablePointer<Float>
    ) {
        let first = 4 * group
        let offers = max(0, context.quotes[first + 1])
        let bids = max(0, context.quotes[first + 3])
        // Spreads fall where prices rise; as if half a print at the middle had been on either side.
        let offer = -context.quotes[first] * decay / (offers * decay + 0.5)
        let bid = -context.quotes[first + 2] * decay / (bids * decay + 0.5)
        signals[8 + group] = clip((offer - bid) * price.unitsPerSpread, 12)
        signals[11 + group] = (offers - bids) * decay / ((offers + bids) * decay + 1)
    }

    /// The spread to the worst of the maturity and the calls, at the fair price: what an
    /// option-adjusted spread is taken for where no model of rates is at hand.
    private func finishWorst(
        _ context: RowContext, _ price: RowPrice, _ signals: UnsafeMutablePointer<Float>
    ) {
        signals[20] = price.logSpread - 5
        guard let calls = calls[context.bond],
            let worst = terms[context.bond].yieldToWorst(
                cleanPrice: price.price, settlement: context.settlement, calls: calls)
        else { return }
        let years = Float(YieldCurve.years(from: context.settlement, to: worst.workout))
        let curve = CurvePlace(years: years).yield(context.market)
        let toWorst = clip(100 * (Float(worst.yield) - curve / 10), 1, 5000)
        signals[20] = ln(toWorst) - 5
        guard worst.workout != terms[context.bond].maturity else { return }
        signals[21] = clip((min(e(price.logSpread), 5000) - toWorst) / 100, 10)
    }
}
