import Foundation

/// The random numbers of one entity in one period, for simulations with many of both.
///
/// The Philox key is the seed; the counter's words are the block, the period (a day, say), the
/// entity and the kind of draw. So the numbers of any entity and period are there without those
/// before them, and one kind of draw never moves another. A block holds two numbers.
public struct CounterStream: Sendable {
    private let key: SIMD2<UInt32>
    private let period: UInt32
    private let entity: UInt32
    private let kind: UInt32
    /// The next block.
    private var block: UInt32
    private var second: Double
    private var hasSecond = false

    /// - Parameters:
    ///   - kind: What is drawn.
    ///   - period: When; by convention `UInt32.max` for what holds for ever.
    ///   - block: Where to begin, for draws that need a place of their own.
    public init(seed: UInt64, kind: UInt32, entity: Int, period: UInt32, block: Int = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.kind = kind
        self.entity = UInt32(truncatingIfNeeded: entity)
        self.period = period
        self.block = UInt32(truncatingIfNeeded: block)
        second = 0
    }

    /// Returns the same entity and period from another block on.
    public func at(block: Int) -> CounterStream {
        var stream = self
        stream.block = UInt32(truncatingIfNeeded: block)
        stream.hasSecond = false
        return stream
    }

    /// Returns a number in (0, 1), open at both ends and symmetric.
    public mutating func uniform() -> Double {
        if hasSecond {
            hasSecond = false
            return second
        }
        let words = Philox.block(counter: SIMD4(block, period, entity, kind), key: key)
        block &+= 1
        second = Self.uniform(words.z, words.w)
        hasSecond = true
        return Self.uniform(words.x, words.y)
    }

    /// Returns a standard normal number, by inversion of one uniform.
    public mutating func normal() -> Double { normalQuantile(uniform()) }

    /// Returns an exponential number of mean 1, by inversion of one uniform.
    public mutating func exponential() -> Double { -log(uniform()) }

    /// Returns a Poisson number: by inversion of one uniform for means below 30, else by rejection,
    /// which takes as many uniforms as it needs; so give it a place of its own.
    ///
    /// Source: Hörmann, "The transformed rejection method for generating Poisson random variables",
    /// Insurance: Mathematics and Economics 12 (1993), algorithm PTRS.
    public mutating func poisson(mean: Double) -> Int {
        precondition(mean >= 0 && mean < 1e9, "a Poisson number of mean \(mean)")
        return mean < 30 ? poissonByInversion(mean, uniform()) : poissonByRejection(mean)
    }

    private func poissonByInversion(_ mean: Double, _ level: Double) -> Int {
        var mass = exp(-mean)
        var sum = mass
        var count = 0
        // Beyond 200 the sum no longer grows.
        while level > sum, count < 200 {
            count += 1
            mass *= mean / Double(count)
            sum += mass
        }
        return count
    }

    private mutating func poissonByRejection(_ mean: Double) -> Int {
        let root = mean.squareRoot()
        let logMean = log(mean)
        let b = 0.931 + 2.53 * root
        let a = -0.059 + 0.02483 * b
        let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
        let squeeze = 0.9277 - 3.6224 / (b - 2)
        while true {
            let u = uniform() - 0.5
            let v = uniform()
            let us = 0.5 - abs(u)
            let count = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
            if us >= 0.07, v <= squeeze { return Int(count) }
            if count < 0 || (us < 0.013 && v > us) { continue }
            let bound = count * logMean - mean - lgamma(count + 1)
            if log(v * inverseAlpha / (a / (us * us) + b)) <= bound { return Int(count) }
        }
    }

    // MARK: Bulk

    /// Fills the buffer with the next numbers in (0, 1), from a whole block on. Allocates nothing.
    public mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Double>) {
        fill(values) { $0 }
    }

    /// Fills the buffer with the next standard normal numbers, from a whole block on. Allocates
    /// nothing.
    public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Double>) {
        fill(values) { normalQuantile($0) }
    }

    @inline(__always)
    private mutating func fill(
        _ values: UnsafeMutableBufferPointer<Double>, _ transform: (Double) -> Double
    ) {
        hasSecond = false
        let blocksAtOnce = 64
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * blocksAtOnce) { words in
            guard let base = words.baseAddress else { return }
            var done = 0
            while done < values.count {
                let count = min(2 * blocksAtOnce, values.count - done)
                let blocks = (count + 1) / 2
                Philox.fill(
                    base, blocks: blocks, from: UInt64(period) << 32 | UInt64(block),
                    above: (entity, kind), key: key)
                block &+= UInt32(blocks)
                for index in 0..<count {
                    let value = Self.uniform(words[2 * index], words[2 * index + 1])
                    values[done + index] = transform(value)
                }
                done += count
            }
        }
    }

    @inline(__always)
    private static func uniform(_ lower: UInt32, _ upper: UInt32) -> Double {
        (Double((UInt64(upper) << 32 | UInt64(lower)) >> 12) + 0.5) * 0x1p-52
    }
}
