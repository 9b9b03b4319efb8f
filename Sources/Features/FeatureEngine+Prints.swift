import Bonds
import FairValue
import Random
import Tape

extension FeatureEngine {
    /// Takes in a print as the public saw it: its size capped by the rating of the day.
    func observe(_ trade: Trade, bond: Int) {
        guard trade.isDisseminated else {
            tally.undisseminated += 1
            return
        }
        let key = Self.key(trade.tradeID)
        guard index(of: key, bond: bond) == nil else {
            tally.duplicates += 1
            return
        }
        // What is reported before it was done was done when it was reported.
        let executed = min(trade.executionTime, trade.reportTime)
        guard let market = history.market(before: executed) else {
            tally.withoutMarket += 1
            return
        }
        let at = executionClock.moment(executed)
        let maturity = facts[bond].maturity
        guard let flows = pricer.cashFlows(bond: bond, settlement: at.settlement) else {
            tally.matured += 1
            return
        }
        let curve = history.yield(market, maturity: maturity)
        guard !curve.isNaN else {
            tally.withoutMarket += 1
            return
        }
        guard let quote = flows.quote(cleanPrice: trade.price, curveYield: curve),
            quote.dv01 > 1e-6, quote.spread.isFinite
        else {
            tally.unpriced += 1
            return
        }
        tally.prints += 1
        let groups = RatingGroups(notch: Int(notches[bond]))
        let cap = groups.isHighYield ? 1e6 : 5e6
        let quantity = min(trade.quantity, cap)
        let sign = trade.side.sign
        let seen = parameters.observation(
            spread: quote.spread, dv01: quote.dv01, side: Double(sign), quantity: quantity)
        let index = history.creditIndex(market, isHighYield: groups.isHighYield)
        let credit = index + creditOffsets[bond]
        let years = YieldCurve.years(from: at.date, to: maturity)
        let rating = rating(bond)
        let observation = Observed(
            logSpread: seen.logSpread, adjusted: seen.adjusted,
            noiseVariance: seen.noiseVariance, days: at.days, creditIndex: credit,
            prior: cohorts.logSpread(rating: rating, years: years, creditIndex: index),
            isHighYield: groups.isHighYield)
        fairPrices.observe(
            FairPrint(
                place: fairPlace(
                    bond, rating: rating, isHighYield: groups.isHighYield, creditIndex: index,
                    years: years, on: at.date, prior: observation.prior),
                executed: executed, quote: quote, side: sign, quantity: quantity,
                isATS: trade.isATS, key: key))
        cohorts.add(logSpread: seen.adjusted, rating: rating, years: years, days: at.days)

        var print = Print()
        print.executed = executed
        print.level = Float(seen.adjusted - parameters.creditLoading * credit)
        print.rawLevel = Float(seen.logSpread - parameters.creditLoading * credit)
        print.size = Float(tenLogarithm(quantity / 1e6))
        print.price = Float(trade.price)
        print.logYears = Float(ln(max(years, 0.01)))
        print.logRisk = Float(ln(quote.dv01 * max(quote.spread, parameters.leastSpread)))
        print.slot = MarketGrid.slot(days: at.days)
        print.bond = Int32(bond)
        print.sequence = sequences[bond]
        print.side = Int8(sign)
        print.flags =
            Print.exists | (trade.isATS ? Print.ats : 0)
            | (trade.quantity > cap ? Print.capped : 0)
        print.notch = UInt8(notches[bond] < 0 ? Int8(RatingGroups.unrated) : notches[bond])
        sequences[bond] += 1

        take(observation, &print, filter: filters.base + bond, state: states.base + bond)
        if Int(rings.counts[bond]) == PrintRings.capacity {
            // The oldest leaves the ring: what it did belongs to what came before the ring.
            let oldest = rings.place(bond, 0)
            var gone = rings.prints[oldest]
            take(
                observed[oldest], &gone, filter: baseFilters.base + bond,
                state: baseStates.base + bond)
        }
        let place = rings.open(bond)
        rings.prints[place] = print
        observed[place] = observation
        keys[place] = key
        issuerRings.push(print, to: Int(facts[bond].issuer))
        classRings.push(print, to: 3 * Int(facts[bond].sector) + groups.grade)
        count(print, days: at.days, sign: 1)
        self.days.add(
            bond: bond, day: Int32(at.days), millions: Float(quantity / 1e6), sign: 1)
        if layout.hasDealers, !trade.dealer.isEmpty {
            dealers.add(
                Self.key(trade.dealer), bond: bond, issuer: Int(facts[bond].issuer),
                day: Int32(at.days))
        }
    }

    /// Takes a print out of all that it went into, and observes those after it again. Its part in
    /// the mean of its cohort, which fades within days, stays.
    func withdraw(_ trade: Trade, bond: Int) {
        guard trade.isDisseminated else { return }
        guard let index = index(of: Self.key(trade.tradeID), bond: bond) else {
            tally.forgotten += 1
            return
        }
        tally.withdrawn += 1
        fairPrices.withdraw(bond: bond, key: Self.key(trade.tradeID))
        let issuer = Int(facts[bond].issuer)
        let last = Int(rings.counts[bond])
        for later in index..<last {
            let place = rings.place(bond, later)
            count(rings.prints[place], days: observed[place].days, sign: -1)
        }
        let place = rings.place(bond, index)
        let gone = rings.prints[place]
        days.add(
            bond: bond, day: Int32(observed[place].days), millions: millions(gone), sign: -1)
        if let here = issuerRings.find(issuer, bond: gone.bond, sequence: gone.sequence) {
            issuerRings.remove(issuer, here)
        }
        let ring = classRing(gone)
        if let here = classRings.find(ring, bond: gone.bond, sequence: gone.sequence) {
            classRings.remove(ring, here)
        }
        for later in index..<last - 1 {
            let next = rings.place(bond, later + 1)
            observed[rings.place(bond, later)] = observed[next]
            keys[rings.place(bond, later)] = keys[next]
        }
        rings.remove(bond, index)

        filters[bond] = baseFilters[bond]
        states[bond] = baseStates[bond]
        for again in 0..<last - 1 {
            let place = rings.place(bond, again)
            var print = rings.prints[place]
            take(observed[place], &print, filter: filters.base + bond, state: states.base + bond)
            guard again >= index else { continue }
            rings.prints[place] = print
            count(print, days: observed[place].days, sign: 1)
            if let here = issuerRings.find(issuer, bond: print.bond, sequence: print.sequence) {
                issuerRings.prints[issuerRings.place(issuer, here)] = print
            }
            let ring = classRing(print)
            if let here = classRings.find(ring, bond: print.bond, sequence: print.sequence) {
                classRings.prints[classRings.place(ring, here)] = print
            }
        }
    }

    /// A bond on a day, as the filter of the market needs it.
    func fairPlace(
        _ bond: Int, rating: CreditRating?, isHighYield: Bool, creditIndex: Double, years: Double,
        on date: CalendarDate, prior: Double
    ) -> FairPlace {
        let dated = facts[bond].datedDay
        return FairPlace(
            bond: bond, rating: rating, isHighYield: isHighYield, creditIndex: creditIndex,
            years: years, age: dated < 0 ? 0 : Double(date.dayNumber - dated) / 365.25,
            prior: prior)
    }

    /// Lets a filter and the running means observe a print, and notes what it said to them.
    @inline(__always)
    private func take(
        _ observation: Observed, _ print: inout Print,
        filter: UnsafeMutablePointer<FairValueFilter>, state: UnsafeMutablePointer<BondState>
    ) {
        let wasSeen = filter.pointee.isSeen
        let passed = wasSeen ? observation.days - filter.pointee.days : 0
        let update = filter.pointee.observe(
            LogSpreadObservation(
                logSpread: observation.logSpread, adjusted: observation.adjusted,
                noiseVariance: observation.noiseVariance),
            days: observation.days, creditIndex: observation.creditIndex,
            isHighYield: observation.isHighYield, prior: observation.prior, parameters)
        print.innovation = Float(update.innovation)
        print.kept = Float(update.innovation * (1 - update.gain))
        print.weight = Float(min(2, 1e-3 / update.innovationVariance))
        print.rawResidual = clip(
            Float(observation.logSpread - update.predicted.logSpread), 1)

        // Means of the last ten prints or so; of fewer while there are fewer.
        let rate = max(0.1, 1 / Float(state.pointee.prints + 1))
        state.pointee.meanAbsolute +=
            rate * (abs(print.innovation) - state.pointee.meanAbsolute)
        state.pointee.meanSize += rate * (print.size - state.pointee.meanSize)
        state.pointee.meanSide += rate * (Float(print.side) - state.pointee.meanSide)
        if wasSeen {
            let rate = max(0.1, 1 / Float(state.pointee.prints))
            state.pointee.meanGap += rate * (Float(max(0, passed)) - state.pointee.meanGap)
        }
        state.pointee.prints += 1
        if print.executed >= state.pointee.lastExecuted {
            state.pointee.lastExecuted = print.executed
            state.pointee.lastSlot = print.slot
        }
        if print.size >= 0 {
            state.pointee.lastLargeDays = max(state.pointee.lastLargeDays, observation.days)
        }
    }

    /// Adds a print to the decayed sums of its six groups, or takes it out.
    private func count(_ print: Print, days: Double, sign: Float) {
        let bond = Int(print.bond)
        let numbers = groups.all(
            bond: bond, facts: facts[bond], groups: RatingGroups(notch: Int(print.notch)))
        sums.add(print, days: days, to: numbers, sign: sign)
    }

    private func classRing(_ print: Print) -> Int {
        3 * Int(facts[Int(print.bond)].sector) + RatingGroups(notch: Int(print.notch)).grade
    }

    private func millions(_ print: Print) -> Float {
        Float(twoTo(Double(print.size) * 3.321928094887362))
    }

    /// Where a bond's ring has a trade, counted from the oldest.
    private func index(of key: UInt64, bond: Int) -> Int? {
        for index in 0..<Int(rings.counts[bond]) where keys[rings.place(bond, index)] == key {
            return index
        }
        return nil
    }

    /// A hash of a text, the same on every machine.
    static func key(_ text: String) -> UInt64 { RandomStream(seed: 0).stream(text).key }
}
