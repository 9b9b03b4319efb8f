import Foundation
import Random
import Testing

/// Protects reproducibility: results may depend on seed and names, and on nothing else.
@Suite struct RandomStreamTests {
    @Test func childrenDoNotDependOnWhatWasDrawn() {
        let fresh = RandomStream(seed: 11)
        var drawn = fresh
        for _ in 0..<17 { _ = drawn.next() }
        #expect(fresh.stream("noise").key == drawn.stream("noise").key)
        #expect(fresh.stream(3).key == drawn.stream(3).key)
        #expect(drawn.stream("noise").position == 0)
    }

    /// Fixes the derivation: changing it silently would change every seeded result.
    @Test func childKeysStayWhatTheyWere() {
        let root = RandomStream(seed: 1)
        #expect(root.stream("noise").key == 7_402_571_279_455_592_252)
        #expect(root.stream(0).key == 6_563_688_711_980_356_310)
    }

    @Test func childKeysDiffer() {
        let root = RandomStream(seed: 2)
        var keys: Set<UInt64> = [root.key]
        for index in -500..<500 { keys.insert(root.stream(index).key) }
        for index in 0..<500 { keys.insert(root.stream("\(index)").key) }
        for index in 0..<500 { keys.insert(root.stream("a").stream(index).key) }
        keys.insert(root.stream("").key)
        #expect(keys.count == 2002)
    }

    @Test func siblingsAreUncorrelated() {
        let root = RandomStream(seed: 3)
        // The first number of each of many neighbouring streams must look like one stream.
        var first = (0..<20_000).map { index in
            var child = root.stream(index)
            return child.uniform()
        }
        let mean = first.reduce(0, +) / 20_000
        var serial = 0.0
        for index in 1..<first.count { serial += (first[index] - mean) * (first[index - 1] - mean) }
        serial /= 20_000.0 / 12
        #expect(abs(serial) < 4 / 20_000.0.squareRoot())
        #expect(kolmogorovSmirnov(&first) { $0 } < 1.95)
    }

    /// The order and the size of the fetches must not matter.
    @Test func numbersDoNotDependOnHowTheyAreFetched() {
        var whole = [UInt32](repeating: 0, count: 1000)
        var one = RandomStream(seed: 4)
        whole.withUnsafeMutableBufferPointer { one.fillBits($0) }

        var pieces: [UInt32] = []
        var other = RandomStream(seed: 4)
        for size in [1, 3, 0, 4, 5, 127, 2] {
            var piece = [UInt32](repeating: 0, count: size)
            piece.withUnsafeMutableBufferPointer { other.fillBits($0) }
            pieces += piece
        }
        while pieces.count < 1000 { pieces.append(other.nextWord()) }
        #expect(pieces == whole)
        #expect(one.position == 1000 && one.next() == other.next())

        var resumed = RandomStream(key: 4, position: 501)
        #expect(resumed.nextWord() == whole[501])
        var words = RandomStream(seed: 4)
        #expect(words.next() == UInt64(whole[0]) | UInt64(whole[1]) << 32)
    }

    @Test func bulkNumbersAreTheWordsTransformed() {
        let stream = RandomStream(seed: 5)
        for count in [1, 2047, 2049, 5000] {
            var uniform = stream
            var normal = stream
            var words = stream
            var uniforms = [Float](repeating: -1, count: count)
            var normals = uniforms
            uniforms.withUnsafeMutableBufferPointer { uniform.fillUniform($0) }
            normals.withUnsafeMutableBufferPointer { normal.fillNormal($0) }
            for index in 0..<count {
                let word = words.nextWord()
                #expect(uniforms[index] == Float(word >> 8) / 16_777_216)
                #expect(normals[index] == Float(normalQuantile((Double(word) + 0.5) / 0x1p32)))
            }
        }
    }

    @Test func permutationsHoldEveryNumberAndAreEquallyLikely() {
        var stream = RandomStream(seed: 6)
        #expect(stream.permutation(0) == [])
        #expect(stream.permutation(1) == [0])
        #expect(stream.permutation(1000).sorted() == Array(0..<1000))
        var counts: [[Int]: Double] = [:]
        for _ in 0..<24_000 { counts[stream.permutation(4), default: 0] += 1 }
        #expect(counts.count == 24)
        // Chi-squared with 23 degrees of freedom: 58.6 has a probability of 6e-5.
        #expect(counts.values.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 } < 58.6)
    }

    @Test func boundedIntegersAreUnbiased() {
        var stream = RandomStream(seed: 7)
        // A plain remainder would give the lower third 3/8 of the draws at this bound.
        let bound = Int.max / 4 * 3
        let draws = (0..<30_000).map { _ in stream.integer(below: bound) }
        #expect(draws.allSatisfy { $0 >= 0 && $0 < bound })
        let lower = draws.count { $0 < bound / 3 }
        #expect(abs(Double(lower) - 10_000) < 4 * (30_000.0 * 2 / 9).squareRoot())
        #expect(stream.integer(below: 1) == 0)
    }
}

/// Protects the shape of the distributions.
@Suite struct DistributionTests {
    static let count = 200_000

    @Test func uniformsAreUniform() {
        var stream = RandomStream(seed: 8)
        var single = (0..<Self.count).map { _ in stream.uniform() }
        var bulk = [Float](repeating: 0, count: Self.count)
        bulk.withUnsafeMutableBufferPointer { stream.fillUniform($0) }
        var widened = bulk.map(Double.init)
        for sample in [single, widened] {
            #expect(sample.allSatisfy { $0 >= 0 && $0 < 1 })
            expectMoments(sample, mean: 0.5, variance: 1.0 / 12, fourth: 1.0 / 80)
        }
        // 1.95 is the 99.9 % point of Kolmogorov's distribution.
        #expect(kolmogorovSmirnov(&single) { $0 } < 1.95)
        #expect(kolmogorovSmirnov(&widened) { $0 } < 1.95)
    }

    @Test func normalsAreNormal() {
        var stream = RandomStream(seed: 9)
        var single = (0..<Self.count).map { _ in stream.normal() }
        var bulk = [Float](repeating: 0, count: Self.count)
        bulk.withUnsafeMutableBufferPointer { stream.fillNormal($0) }
        var widened = bulk.map(Double.init)
        for sample in [single, widened] {
            expectMoments(sample, mean: 0, variance: 1, fourth: 3)
            let tail = Double(sample.count { abs($0) > 3 })
            let expected = 0.002_699_796_063_260_207 * Double(Self.count)
            #expect(abs(tail - expected) < 4 * expected.squareRoot())
        }
        #expect(kolmogorovSmirnov(&single, normalDistribution) < 1.95)
        #expect(kolmogorovSmirnov(&widened, normalDistribution) < 1.95)
    }

    @Test func serialCorrelationsVanish() {
        var stream = RandomStream(seed: 10)
        let sample = (0..<Self.count).map { _ in stream.uniform() - 0.5 }
        for lag in 1...8 {
            var sum = 0.0
            for index in lag..<sample.count { sum += sample[index] * sample[index - lag] }
            let correlation = sum * 12 / Double(sample.count)
            #expect(abs(correlation) < 4 / Double(sample.count).squareRoot(), "lag \(lag)")
        }
    }

    /// Reference values from SciPy 1.17's `scipy.special.ndtri`.
    @Test(arguments: [
        (0.5, 0.0), (0.925, 1.439_531_470_938_456), (0.05, -1.644_853_626_951_472_9),
        (0.975, 1.959_963_984_540_054), (1e-10, -6.361_340_902_404_056),
        (1e-15, -7.941_345_326_170_997), (1e-300, -37.047_096_299_361_2),
    ])
    func normalQuantileEqualsReference(probability: Double, expected: Double) {
        #expect(abs(normalQuantile(probability) - expected) <= 4e-15 * max(1, abs(expected)))
    }

    @Test func normalQuantileAtAndBeyondTheEnds() {
        #expect(normalQuantile(0) == -.infinity)
        #expect(normalQuantile(1) == .infinity)
        #expect(normalQuantile(-0.1).isNaN && normalQuantile(1.1).isNaN)
        #expect(normalQuantile(.nan).isNaN)
    }

    /// Each moment within four of its own standard errors.
    private func expectMoments(
        _ sample: [Double], mean: Double, variance: Double, fourth: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let count = Double(sample.count)
        let average = sample.reduce(0, +) / count
        let spread = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        #expect(
            abs(average - mean) < 4 * (variance / count).squareRoot(),
            sourceLocation: sourceLocation)
        #expect(
            abs(spread - variance) < 4 * ((fourth - variance * variance) / count).squareRoot(),
            sourceLocation: sourceLocation)
    }
}

/// The Kolmogorov-Smirnov distance to a distribution, times the root of the sample's size.
func kolmogorovSmirnov(_ sample: inout [Double], _ distribution: (Double) -> Double) -> Double {
    sample.sort()
    let count = Double(sample.count)
    var distance = 0.0
    for (index, value) in sample.enumerated() {
        let probability = distribution(value)
        distance = max(
            distance, probability - Double(index) / count, Double(index + 1) / count - probability)
    }
    return distance * count.squareRoot()
}

func normalDistribution(_ value: Double) -> Double { 0.5 * erfc(-value / 2.0.squareRoot()) }
