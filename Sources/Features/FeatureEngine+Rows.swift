import Bonds
import FairValue

extension FeatureEngine {
    /// Writes the state of a bond at a time, which must not be earlier than what the engine has
    /// seen; events of that very time must not have been applied yet.
    ///
    /// - Parameter row: room for ``FeatureLayout/stateWidth`` numbers.
    /// - Returns: the reference price and the scale of labels; nil, and an undefined row, where the
    ///   bond has matured or there is no Treasury tick yet.
    public func write(
        bond: Int, at time: Int64, into row: UnsafeMutablePointer<Float>
    ) throws(FeatureError) -> FeatureReference? {
        try advance(to: time)
        guard let context = capture(bond: bond, into: row) else { return nil }
        fairPrices.settle()
        return finisher.finish(context, row)
    }

    /// Copies what a row is made of into the row, as of ``now``, and asks for its fair value, which is
    /// stored in the row too.
    ///
    /// The prints of the sequence part lie there as they are, the decayed sums too; the finisher turns
    /// them into features, when the fair value is there. What costs little is written at once.
    func capture(bond: Int, into row: UnsafeMutablePointer<Float>) -> RowContext? {
        let facts = facts[bond]
        guard let market = history.market(before: now),
            let flows = pricer.cashFlows(bond: bond, settlement: moment.settlement)
        else { return nil }
        let curveYield = history.yield(market, maturity: facts.maturity)
        // An ETF may tick before the first Treasury does.
        guard !curveYield.isNaN else { return nil }
        let ratingGroups = RatingGroups(notch: Int(notches[bond]))
        let index = history.creditIndex(market, isHighYield: ratingGroups.isHighYield)
        let credit = index + creditOffsets[bond]
        let years = max(YieldCurve.years(from: moment.date, to: facts.maturity), 1 / 365.25)
        let prior = cohorts.logSpread(rating: rating(bond), years: years, creditIndex: index)

        var context = RowContext(
            place: fairPlace(
                bond, rating: rating(bond), isHighYield: ratingGroups.isHighYield,
                creditIndex: index, years: years, on: moment.date, prior: prior),
            time: now, days: moment.days, settlement: moment.settlement, flows: flows,
            curveYield: curveYield)
        fairPrices.ask(
            context.place, at: now,
            answer: UnsafeMutableRawPointer(row + FeatureLayout.fairStart))
        context.ownLogSpread =
            filters[bond].predicted(
                days: moment.days, creditIndex: credit, isHighYield: ratingGroups.isHighYield,
                prior: prior, parameters
            ).logSpread
        context.credit = Float(credit)
        context.notch = Float(notches[bond] < 0 ? Int8(RatingGroups.unrated) : notches[bond])
        context.logYears = ln(context.years)
        for column in 0..<MarketGrid.stride { context.market[column] = grid.current[column] }
        context.newestSlot = grid.newest
        context.oldestSlot = grid.oldest
        context.creditColumn =
            ratingGroups.isHighYield ? MarketGrid.highYield : MarketGrid.investmentGrade
        context.isSeen = filters[bond].isSeen
        if context.isSeen {
            context.lastSlot = states[bond].lastSlot
            context.lastExecuted = states[bond].lastExecuted
        }

        let issuer = Int(facts.issuer)
        copyPrints(bond: bond, issuer: issuer, facts: facts, groups: ratingGroups, into: row)
        copyCloses(bond: bond, into: row + FeatureLayout.historyStart)
        let numbers = groups.all(bond: bond, facts: facts, groups: ratingGroups)
        for group in 0..<6 {
            let number = Int(numbers[group])
            let source = sums.sums.base + number * DecayedSums.width
            (row + FeatureLayout.decayedStart + 36 * group).update(from: source, count: 36)
            context.groupDays[group] = sums.days[number]
            guard group < 3 else { continue }
            for sum in 0..<4 {
                context.quotes[4 * group + sum] = source[DecayedSums.quotes + sum]
            }
        }
        writeMarket(into: row + FeatureLayout.marketStart)
        captureBond(
            context, facts: facts, groups: ratingGroups, into: row + FeatureLayout.bondStart)
        calendar.write(now, into: row + FeatureLayout.calendarStart)
        captureSignals(
            context, facts: facts, groups: ratingGroups, into: row + FeatureLayout.signalStart)
        for sector in layout.sectors.indices {
            row[FeatureLayout.sectorStart + sector] =
                sector == Int(facts.sectorFeature) ? 1 : 0
        }
        if layout.hasSwaps { captureSwaps(bond: bond, into: row + layout.swapStart) }
        if layout.hasDealers {
            dealers.write(bond: bond, issuer: issuer, day: days.day, into: row + layout.dealerStart)
        }
        return context
    }

    /// Copies the newest prints of the bond, of its issuer's other bonds and of its peers, each into
    /// the room of its step; the rest is zero.
    private func copyPrints(
        bond: Int, issuer: Int, facts: BondFacts, groups: RatingGroups,
        into row: UnsafeMutablePointer<Float>
    ) {
        let room = UnsafeMutableRawPointer(row)
        let size = MemoryLayout<Print>.size
        func put(_ print: Print, _ step: Int) {
            room.storeBytes(of: print, toByteOffset: step * size, as: Print.self)
        }
        func clear(from step: Int, to end: Int) {
            (room + step * size).initializeMemory(
                as: UInt8.self, repeating: 0, count: (end - step) * size)
        }
        let own = min(Int(rings.counts[bond]), FeatureLayout.ownSteps)
        for step in 0..<own { put(rings.prints[rings.place(bond, newest: step)], step) }
        clear(from: own, to: FeatureLayout.ownSteps)

        var step = FeatureLayout.ownSteps
        var end = step + FeatureLayout.issuerSteps
        for index in 0..<Int(issuerRings.counts[issuer]) where step < end {
            let place = issuerRings.place(issuer, newest: index)
            guard Int(issuerRings.prints.base[place].bond) != bond else { continue }
            put(issuerRings.prints.base[place], step)
            step += 1
        }
        clear(from: step, to: end)

        step = end
        end += FeatureLayout.peerSteps
        let ring = 3 * Int(facts.sector) + groups.grade
        for index in 0..<Int(classRings.counts[ring]) where step < end {
            let place = classRings.place(ring, newest: index)
            let other = Int(classRings.prints.base[place].bond)
            guard self.facts[other].issuer != facts.issuer else { continue }
            put(classRings.prints.base[place], step)
            step += 1
        }
        clear(from: step, to: end)
    }

    /// Writes the two channels of closes into the steps of the market's history.
    private func copyCloses(bond: Int, into row: UnsafeMutablePointer<Float>) {
        copyCloses(tables.shares, Int(tickers[bond]), into: row + 12)
        copyCloses(tables.sectorShares, Int(tickers[bond]), into: row + 13)
    }

    private func copyCloses(
        _ series: DailySeries, _ ticker: Int, into row: UnsafeMutablePointer<Float>
    ) {
        let isKnown = ticker >= 0 && series.isKnown(ticker)
        for step in 0..<FeatureLayout.lagSteps {
            var value: Float = 0
            if isKnown {
                value =
                    step < 12
                    ? series.change(ticker, over: step + 1)
                    : series.gap(ticker, mean: step - 12)
            }
            row[step * FeatureLayout.channels] = clip(20 * value, 12)
        }
    }

    /// The spread itself stands where its distance from the bond's will.
    private func captureSwaps(bond: Int, into row: UnsafeMutablePointer<Float>) {
        let ticker = Int(tickers[bond])
        let series = tables.swaps
        let isKnown = ticker >= 0 && series.isKnown(ticker)
        row[0] = isKnown ? 1 : 0
        row[1] = isKnown ? series.last(ticker) : 0
        row[2] = isKnown ? clip(10 * series.change(ticker, over: 1), 10) : 0
        row[3] = isKnown ? clip(10 * series.change(ticker, over: 5), 10) : 0
    }

    private func writeMarket(into row: UnsafeMutablePointer<Float>) {
        let now = grid.current
        let isKnown = now[0] != 0 || now[3] != 0
        for tenor in 0..<7 { row[tenor] = isKnown ? now[tenor] / 10 - 4 : 0 }
        row[7] = (now[4] - now[0]) / 10
        row[8] = (now[6] - now[2]) / 10
        row[9] = (2 * now[2] - now[0] - now[4]) / 10
        row[10] = now[MarketGrid.investmentGrade] - 4.7
        row[11] = now[MarketGrid.highYield] - 5.8
        for halfLife in 0..<2 {
            for index in 0..<2 {
                row[12 + 2 * halfLife + index] = grid.creditScore(index, halfLife)
            }
        }
        for series in 0..<3 {
            for halfLife in 0..<4 {
                row[16 + 4 * series + halfLife] = grid.logDeviation(series, halfLife)
            }
        }
        row[28] = grid.logDeviation(3, 1)
        row[29] = grid.logDeviation(3, 3)
        for grade in 0..<2 {
            // The mean innovation of the class over a day, in percent of spread.
            let number = groups.grade(isHighYield: grade == 1)
            let decay = sums.decay(number, at: moment.days, 3)
            let sum = sums.sums.base + number * DecayedSums.width + 3 * DecayedSums.statistics
            row[30 + grade] = clip(100 * decay * sum[0] / (decay * sum[1] + 0.5), 10)
        }
    }
}
