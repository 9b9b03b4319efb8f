import Foundation
import Random
import Testing

/// Protects the places of random numbers: whoever asks for an entity and a period gets the same
/// ones, whatever else was drawn.
@Suite struct CounterStreamTests {
    private func stream(entity: Int = 7, period: UInt32 = 3, block: Int = 0) -> CounterStream {
        CounterStream(
            seed: 0x0123_4567_89AB_CDEF, kind: 5, entity: entity, period: period, block: block)
    }

    @Test func numbersAreTheBlocksOfTheCounter() {
        var stream = stream()
        for block in 0..<3 {
            let words = Philox.block(
                counter: SIMD4(UInt32(block), 3, 7, 5), key: SIMD2(0x89AB_CDEF, 0x0123_4567))
            for (lower, upper) in [(words.x, words.y), (words.z, words.w)] {
                let bits = (UInt64(upper) << 32 | UInt64(lower)) >> 12
                #expect(stream.uniform() == (Double(bits) + 0.5) / 0x1p52)
            }
        }
    }

    @Test(arguments: [1, 2, 31, 128, 129, 300])
    func bulkAndSingleAgree(count: Int) {
        var bulk = stream()
        var single = stream()
        var values = [Double](repeating: 0, count: count)
        values.withUnsafeMutableBufferPointer { bulk.fillUniform($0) }
        #expect(values == (0..<count).map { _ in single.uniform() })
        var normals = stream()
        values.withUnsafeMutableBufferPointer { normals.fillNormal($0) }
        var again = stream()
        #expect(values == (0..<count).map { _ in again.normal() })
    }

    @Test func anyBlockIsThereWithoutThoseBefore() {
        var all = stream()
        let numbers = (0..<20).map { _ in all.uniform() }
        var late = stream().at(block: 6)
        #expect(late.uniform() == numbers[12])
        var direct = stream(block: 9)
        #expect(direct.uniform() == numbers[18])
        // What was half used is forgotten.
        var half = stream()
        _ = half.uniform()
        var moved = half.at(block: 1)
        #expect(moved.uniform() == numbers[2])
    }

    @Test func entitiesAndPeriodsDiffer() {
        var firsts: Set<Double> = []
        for entity in 0..<20 {
            for period in [0, 1, UInt32.max] {
                var stream = stream(entity: entity, period: period)
                firsts.insert(stream.uniform())
            }
        }
        #expect(firsts.count == 60)
    }

    /// By inversion below a mean of 30, by rejection above; both must have the right distribution.
    @Test(arguments: [0.0, 0.3, 4, 29.5, 31, 250])
    func poissonNumbersHaveTheirDistribution(mean: Double) {
        let count = 20_000
        var sum = 0.0
        var squares = 0.0
        var below = 0
        for entity in 0..<count {
            var stream = stream(entity: entity)
            let number = Double(stream.poisson(mean: mean))
            sum += number
            squares += number * number
            if number < mean.rounded(.down) { below += 1 }
        }
        let found = sum / Double(count)
        let variance = squares / Double(count) - found * found
        let error = (mean / Double(count)).squareRoot()
        #expect(abs(found - mean) <= 4 * error)
        #expect(abs(variance - mean) <= 4 * mean * (2.0 / Double(count)).squareRoot() + 4 * error)
        var mass = 0.0
        for number in 0..<Int(mean.rounded(.down)) {
            mass += exp(Double(number) * log(mean) - mean - lgamma(Double(number) + 1))
        }
        #expect(abs(Double(below) / Double(count) - mass) < 0.015)
    }
}
