import Baselines
import Bonds
import FairValue
import Files
import Quantiles
import Simulation
import Tape
import Testing

/// In a world that is linear and Gaussian nothing can beat the filter with the true parameters, and
/// the fitted one comes near it.
@Suite struct LinearGaussianTests {
    @Test("The fitted filter is within 2 % of the true one, and calibrated")
    func regret() throws {
        let scratch = try MarketScratch(
            MarketSettings(bonds: 150, days: 40, linearGaussian: true))
        let (summary, table) = try scratch.run(.kalman)
        #expect(summary.isSimulatedMarket)
        #expect(summary.rows > 4_000)
        let cusips = try #require(table.column("cusip"))
        let times = try #require(table.executionDate)
        let truths = try (0..<table.rowCount).map { row in
            try #require(scratch.truths[MarketScratch.key(times[row], cusips[row])])
        }
        let fitted = table.meanPinball { Array(table.tiles(row: $0)) }
        let best = table.meanPinball { row in table.levels.values.map(truths[row].quantile) }
        let oracle = try scratch.run(.oracle).table
        #expect(abs(oracle.meanPinball { Array(oracle.tiles(row: $0)) } - best) < 1e-6)
        #expect(fitted < 1.02 * best, "regret \(fitted / best - 1)")
        // Better than the truth is luck, and there is little of it in so many trades.
        #expect(fitted > 0.995 * best)
        for (level, probability) in table.levels.values.enumerated() {
            let below = (0..<table.rowCount).count { row in
                (table.label?[row] ?? 0)
                    <= table.tiles(row: row)[
                        table.tiles(row: row).startIndex + level]
            }
            let share = Double(below) / Double(table.rowCount)
            #expect(abs(share - probability) < 0.03, "level \(probability): \(share)")
        }
    }

    @Test("What is known of the world's own filter is right: its truth is calibrated")
    func truth() throws {
        let market = try LinearGaussianMarket(
            MarketSettings(bonds: 100, days: 25, linearGaussian: true))
        var count = 0
        var below = [0.05: 0, 0.25: 0, 0.5: 0, 0.75: 0, 0.95: 0]
        while let day = market.nextDay() {
            for trade in day.trades {
                let probability = trade.truth.probability(atMost: trade.price)
                count += 1
                for level in below.keys where probability <= level { below[level]? += 1 }
            }
        }
        #expect(count > 3_000)
        for (level, number) in below {
            #expect(abs(Double(number) / Double(count) - level) < 0.025)
        }
    }

    @Test("A longer market begins with the shorter one")
    func prefix() throws {
        let short = try LinearGaussianMarket(
            MarketSettings(bonds: 30, days: 3, linearGaussian: true))
        let long = try LinearGaussianMarket(
            MarketSettings(bonds: 30, days: 6, linearGaussian: true))
        while let day = short.nextDay() {
            let same = try #require(long.nextDay())
            #expect(day.trades == same.trades)
            #expect(day.tables == same.tables)
        }
        #expect(long.nextDay() != nil)
    }
}
