import Arrays
import QuantileModels
import Quantiles
import Random
import Testing

@Suite struct RecalibrationTests {
    @Test("A level's shift is the ceil((n + 1) level)-th smallest residual, as numpy has it")
    func reference() throws {
        let reference = try Reference.load()
        let levels = try QuantileLevels(reference.levels)
        for sample in reference.recalibrations {
            let forecasts = NDArray(sample.forecasts, shape: [sample.labels.count, levels.count])
            let found = Recalibration.shift(
                fitting: forecasts, labels: sample.labels, levels: levels)
            #expect(found.shifts == sample.shifts, "\(sample.labels.count) rows")
        }
    }

    @Test("(n + 1) level that is whole is not rounded up past itself")
    func wholeRanks() throws {
        // 0.15 x 20 is 3 in numbers, and a little more in binary.
        let levels = try QuantileLevels([0.15, 0.35, 0.55])
        let labels = (1...19).map(Float.init)
        let forecasts = NDArray<Float>(repeating: 0, shape: [19, 3])
        let found = Recalibration.shift(fitting: forecasts, labels: labels, levels: levels)
        #expect(found.shifts == [3, 7, 11])
    }

    @Test("Rows of weight 0 do not count, and equal weights are no weights")
    func weights() {
        let levels = QuantileLevels.standard
        var random = RandomStream(seed: 8)
        let labels = (0..<40).map { _ in Float(random.normal()) }
        let forecasts = NDArray<Float>(repeating: 0, shape: [40, levels.count])
        let plain = Recalibration.shift(fitting: forecasts, labels: labels, levels: levels)
        let equal = Recalibration.shift(
            fitting: forecasts, labels: labels, weights: [Float](repeating: 3, count: 40),
            levels: levels)
        #expect(equal == plain)
        let spoiled = Recalibration.shift(
            fitting: NDArray(repeating: 0, shape: [80, levels.count]),
            labels: labels + labels.map { $0 + 100 },
            weights: [Float](repeating: 1, count: 40) + [Float](repeating: 0, count: 40),
            levels: levels)
        #expect(spoiled == plain)
    }

    @Test("On new rows each level covers at least its share, whatever the forecasts were")
    func coverage() {
        let levels = QuantileLevels.standard
        var random = RandomStream(seed: 5)
        func sample(_ count: Int) -> (forecasts: NDArray<Float>, labels: [Float]) {
            var (forecasts, labels): ([Float], [Float]) = ([], [])
            for _ in 0..<count {
                let x = random.normal()
                labels.append(Float(x + random.normal() * random.normal()))
                // Much too narrow, and off by a half.
                for level in levels.values { forecasts.append(Float(x + 0.5 + 0.1 * level)) }
            }
            return (NDArray(forecasts, shape: [count, levels.count]), labels)
        }
        // Averaged over many fits of 50 rows: each alone scatters by 0.07.
        var covered = [Int](repeating: 0, count: levels.count)
        let (fits, newRows) = (200, 50)
        for _ in 0..<fits {
            let (old, new) = (sample(50), sample(newRows))
            let shift = Recalibration.shift(
                fitting: old.forecasts, labels: old.labels, levels: levels)
            let forecasts = shift(new.forecasts).elements
            for row in 0..<newRows {
                for level in 0..<levels.count
                where new.labels[row] <= forecasts[row * levels.count + level] {
                    covered[level] += 1
                }
            }
        }
        for (level, count) in zip(levels.values, covered) {
            let share = Double(count) / Double(fits * newRows)
            // Four deviations of such an average, and the 1 / (n + 1) by which ranks are coarse.
            #expect(share > level - 0.02 && share < level + 1.0 / 51 + 0.02, "level \(level)")
        }
    }

    @Test("Shifted rows are sorted again, also where they come with infinities")
    func sorted() {
        let shift = Recalibration(shifts: [3, 0, -1, -4])
        let forecasts = NDArray<Float>([0, 1, 2, 3, -.infinity, 1, 1, .infinity], shape: [2, 4])
        #expect(shift(forecasts).elements == [-1, 1, 1, 3, -.infinity, 0, 1, .infinity])
    }

    @Test func noneLeavesForecastsAsTheyAre() {
        let forecasts = NDArray<Float>([1, 2, 3, 4], shape: [2, 2])
        #expect(Recalibration()(forecasts).elements == forecasts.elements)
    }

    @Test("Scaling labels and back keeps their order, and nearly their values")
    func labelScaling() {
        var random = RandomStream(seed: 8)
        for (mean, deviation) in [(0, 1), (1e6, 10), (-3e-20, 1e-20), (100, 1e30)] {
            let labels = (0..<500).map { _ in Float(mean + deviation * random.normal()) }.sorted()
            let scaling = LabelScaling(fitting: labels)
            let scaled = labels.map(scaling.scaled)
            let back = scaling.unscaled(NDArray(scaled)).elements
            for (low, high) in zip(back, back.dropFirst()) { #expect(low <= high) }
            for (label, returned) in zip(labels, back) {
                #expect(abs(label - returned) <= 4 * max(abs(label), abs(scaling.mean)).ulp)
            }
        }
        #expect(
            LabelScaling(fitting: [2, 4, 4, 4, 5, 5, 7, 9]) == LabelScaling(mean: 5, deviation: 2))
    }
}
