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
            let found = Recalibration(
                .shift,
                fitting: forecasts, labels: sample.labels, levels: levels)
            #expect(found.values == sample.shifts, "\(sample.labels.count) rows")
        }
    }

    @Test("(n + 1) level that is whole is not rounded up past itself")
    func wholeRanks() throws {
        // 0.15 x 20 is 3 in numbers, and a little more in binary.
        let levels = try QuantileLevels([0.15, 0.35, 0.55])
        let labels = (1...19).map(Float.init)
        let forecasts = NDArray<Float>(repeating: 0, shape: [19, 3])
        let found = Recalibration(.shift, fitting: forecasts, labels: labels, levels: levels)
        #expect(found.values == [3, 7, 11])
    }

    @Test("Rows of weight 0 do not count, and equal weights are no weights")
    func weights() {
        let levels = QuantileLevels.standard
        var random = RandomStream(seed: 8)
        let labels = (0..<40).map { _ in Float(random.normal()) }
        let forecasts = NDArray<Float>(repeating: 0, shape: [40, levels.count])
        let plain = Recalibration(.shift, fitting: forecasts, labels: labels, levels: levels)
        let equal = Recalibration(
            .shift,
            fitting: forecasts, labels: labels, weights: [Float](repeating: 3, count: 40),
            levels: levels)
        #expect(equal == plain)
        let spoiled = Recalibration(
            .shift,
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
            let shift = Recalibration(
                .shift,
                fitting: old.forecasts, labels: old.labels, levels: levels)
            let forecasts = shift(new.forecasts, levels: levels).elements
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

    /// Forecasts off in place and width, heteroscedastic, and labels.
    private func sample(
        _ count: Int, _ levels: QuantileLevels
    ) -> (forecasts: NDArray<Float>, labels: [Float]) {
        var random = RandomStream(seed: 15)
        var (forecasts, labels): ([Float], [Float]) = ([], [])
        for _ in 0..<count {
            let (x, width) = (random.normal(), 0.5 + random.uniform())
            labels.append(Float(x + width * random.normal()))
            for level in levels.values {
                forecasts.append(Float(x + 0.6 * width * normalQuantile(level)))
            }
        }
        return (NDArray(forecasts, shape: [count, levels.count]), labels)
    }

    @Test("A multiplier makes each level's share of its own rows right, and leaves the median")
    func multiplier() {
        let levels = QuantileLevels.standard
        let (forecasts, labels) = sample(997, levels)
        let found = Recalibration(.multiplier, fitting: forecasts, labels: labels, levels: levels)
        #expect(found.kind == .multiplier && found.values[9] == 1)
        let corrected = found(forecasts, levels: levels).elements
        for (index, level) in levels.values.enumerated() where index != 9 {
            let below = labels.indices.count { labels[$0] <= corrected[$0 * 19 + index] }
            #expect(abs(Double(below) - level * 997) <= 1.01, "level \(level): \(below)")
            #expect((0.3...3).contains(found.values[index]))
        }
        for row in 0..<997 { #expect(corrected[row * 19 + 9] == forecasts.elements[row * 19 + 9]) }
    }

    @Test("A conformal shift is a shift of residuals in widths of their row, undone in that width")
    func conformal() throws {
        let levels = try QuantileLevels([0.1, 0.25, 0.5, 0.75, 0.9])
        let (forecasts, labels) = sample(400, levels)
        let found = Recalibration(.conformal, fitting: forecasts, labels: labels, levels: levels)
        let values = forecasts.elements
        let widths: [Float] = (0..<400).map { row in values[row * 5 + 3] - values[row * 5 + 1] }
        for (index, level) in levels.values.enumerated() {
            let residuals: [Double] = (0..<400).map { (row: Int) -> Double in
                let residual: Float = labels[row] - values[row * 5 + index]
                return Double(residual) / Double(widths[row])
            }.sorted()
            let rank = Int((401 * level - 1e-9).rounded(.up))
            #expect(found.values[index] == Float(residuals[rank - 1]), "level \(level)")
        }
        let corrected = found(forecasts, levels: levels).elements
        for row in 0..<400 {
            let expected: [Float] = (0..<5).map { (index: Int) -> Float in
                values[row * 5 + index] + found.values[index] * widths[row]
            }
            #expect(Array(corrected[row * 5..<row * 5 + 5]) == expected.sorted())
        }
    }

    @Test(
        "Rows without any width spoil neither kind",
        arguments: [Recalibration.Kind.conformal, .multiplier])
    func withoutWidth(_ kind: Recalibration.Kind) {
        let levels = QuantileLevels.standard
        let forecasts = NDArray<Float>(repeating: 1, shape: [30, 19])
        let labels = (0..<30).map { Float($0) / 10 }
        let found = Recalibration(kind, fitting: forecasts, labels: labels, levels: levels)
        #expect(found.values.allSatisfy { $0.isFinite })
        #expect(found(forecasts, levels: levels).elements.allSatisfy { $0.isFinite })
    }

    @Test("Shifted rows are sorted again, also where they come with infinities")
    func sorted() throws {
        let shift = Recalibration(.shift, values: [3, 0, -1, -4])
        let forecasts = NDArray<Float>([0, 1, 2, 3, -.infinity, 1, 1, .infinity], shape: [2, 4])
        let levels = try QuantileLevels([0.1, 0.2, 0.3, 0.4])
        #expect(
            shift(forecasts, levels: levels).elements == [-1, 1, 1, 3, -.infinity, 0, 1, .infinity])
    }

    @Test func noneLeavesForecastsAsTheyAre() throws {
        let forecasts = NDArray<Float>([1, 2, 3, 4], shape: [2, 2])
        let levels = try QuantileLevels([0.2, 0.5])
        #expect(Recalibration()(forecasts, levels: levels).elements == forecasts.elements)
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
