import Bonds
import FairValue
import Foundation
import Random

/// Treasuries and ETFs of the linear Gaussian market, every five minutes: a curve that moves in
/// parallel, and two ETFs whose prices hold the credit indices without noise.
struct LinearGaussianTicks {
    /// What has been shown so far.
    private(set) var history = MarketHistory()
    private let maturities: [CalendarDate]
    private let random: RandomStream
    private var shift = 0.0
    private var prices = [110.0, 80.0]
    private var indices = [CreditIndex.investmentGrade, CreditIndex.highYield]

    /// Of the parallel move, in percent a day; of the credit indices.
    private static let yieldDeviation = 0.06
    private static let creditDeviation = 0.012
    private static let steps = 121

    init(start: CalendarDate, random: RandomStream) {
        self.random = random
        maturities = TreasuryRow.tenors.map { start.adding(months: 12 * $0) }
    }

    mutating func nextDay(
        _ date: CalendarDate, index day: Int
    ) -> (treasuries: [TreasuryRow], markets: [MarketRow]) {
        var draws = random.stream(day)
        var treasuries: [TreasuryRow] = []
        var markets: [MarketRow] = []
        for step in 0..<Self.steps {
            let share =
                step == 0
                ? LinearGaussianMarket.overnightShare
                : (1 - LinearGaussianMarket.overnightShare) / Double(Self.steps - 1)
            let deviation = share.squareRoot()
            let isFirst = day == 0 && step == 0
            let before = shift
            if !isFirst { shift += Self.yieldDeviation * deviation * draws.normal() }
            let time = EasternTime.nanoseconds(
                date, timeOfDay: Int64(8 * 3600 + 300 * step) * 1_000_000_000)
            for (place, tenor) in TreasuryRow.tenors.enumerated() {
                treasuries.append(
                    TreasuryRow(
                        time: time, tenor: tenor, cusip: SyntheticIdentifiers.treasury(place),
                        coupon: 4, maturity: maturities[place],
                        yieldMid: 3.9 + 0.3 * log(Double(tenor)) + shift))
            }
            for place in indices.indices {
                let index = indices[place]
                let move = isFirst ? 0 : Self.creditDeviation * deviation * draws.normal()
                // The very step that the index is read off by.
                prices[place] -=
                    index.duration * (shift - before)
                    + index.duration * exp(index.value) / 100 * move
                markets.append(
                    MarketRow(time: time, symbol: index.symbol, price: prices[place]))
                indices[place].update(
                    price: prices[place],
                    yield: 3.9 + 0.3 * log(Double(index.tenor)) + shift)
            }
        }
        show(treasuries, markets)
        return (treasuries, markets)
    }

    /// Hands the ticks to the history in order of time.
    private mutating func show(_ treasuries: [TreasuryRow], _ markets: [MarketRow]) {
        var next = 0
        for row in treasuries {
            while next < markets.count, markets[next].time < row.time {
                history.append(markets[next])
                next += 1
            }
            history.append(row)
        }
        for row in markets[next...] { history.append(row) }
    }
}
