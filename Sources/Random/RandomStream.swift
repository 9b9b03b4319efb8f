/// A named stream of random numbers: the same key gives the same numbers, on any machine, in any
/// order of drawing and on any number of threads.
///
/// The words of a stream are the Philox4x32-10 blocks of its 64-bit key at the counters 0, 1, 2,
/// …, however they are fetched: one by one, in bulk, or mixed. A stream is a value: a copy
/// continues from the same place.
///
/// Child streams hash the key of their parent with a name or an index into a key of their own, so
/// they depend neither on what was drawn from the parent nor on their siblings:
///
///     let root = RandomStream(seed: 7)
///     var weights = root.stream("initialisation").stream(3)
///     var dropout = root.stream("dropout").stream(step)
public struct RandomStream: RandomNumberGenerator, Sendable {
    /// What identifies the stream.
    public let key: UInt64
    /// Number of 32-bit words drawn so far. With `key`, everything that a resume needs.
    public private(set) var position: UInt64
    /// The block that `position` lies in; meaningless where `position` is a multiple of four.
    private var block: SIMD4<UInt32>

    /// Makes the root stream of a seed. The seed is the key.
    public init(seed: UInt64) {
        self.init(key: seed, position: 0)
    }

    /// Makes the stream of a key, continuing after `position` words.
    public init(key: UInt64, position: UInt64) {
        self.key = key
        self.position = position
        block = .zero
        if position % 4 != 0 { loadBlock() }
    }

    // MARK: Children

    /// Returns the child stream of a name: its key is a hash (FNV-1a of the UTF-8 bytes, then the
    /// SplitMix64 finaliser) of this stream's key and the name.
    public func stream(_ name: String) -> RandomStream {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return child(of: hash, domain: 0x6E61_6D65)
    }

    /// Returns the child stream of an index: different indices always give different keys, and
    /// never meet those of names but by a 64-bit coincidence.
    public func stream(_ index: Int) -> RandomStream {
        child(of: UInt64(bitPattern: Int64(index)), domain: 0x696E_6465_78)
    }

    private func child(of label: UInt64, domain: UInt64) -> RandomStream {
        let parent = Self.mixed(Self.mixed(key) ^ domain)
        // 2^64 over the golden ratio, odd: the map from labels to keys is one to one.
        return RandomStream(seed: Self.mixed(parent &+ label &* 0x9E37_79B9_7F4A_7C15))
    }

    /// The finaliser of SplitMix64 (Stafford's Mix13): one to one, every input bit matters.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    // MARK: One number

    /// Returns the next 64 bits: two words, the lower first.
    public mutating func next() -> UInt64 {
        let lower = nextWord()
        return UInt64(lower) | UInt64(nextWord()) << 32
    }

    /// Returns the next 32 bits.
    public mutating func nextWord() -> UInt32 {
        let lane = Int(position % 4)
        if lane == 0 { loadBlock() }
        position &+= 1
        return block[lane]
    }

    /// Returns a number in [0, 1), a multiple of 2^-53.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Returns a standard normal number, by inversion: always 64 bits of the stream.
    public mutating func normal() -> Double {
        // 52 bits and a half: open at both ends and symmetric.
        normalQuantile((Double(next() >> 12) + 0.5) * 0x1p-52)
    }

    /// Returns a whole number in 0 ..< bound, each equally likely.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019.
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "RandomStream.integer(below:): \(bound) is not positive")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// Returns the numbers 0 ..< count in a random order, each order equally likely.
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        guard count > 1 else { return order }
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, integer(below: last + 1))
        }
        return order
    }

    // MARK: Bulk

    /// Fills the buffer with the next 32-bit words. Allocates nothing.
    public mutating func fillBits(_ words: UnsafeMutableBufferPointer<UInt32>) {
        guard let base = words.baseAddress else { return }
        var filled = 0
        while filled < words.count, position % 4 != 0 {
            words[filled] = nextWord()
            filled += 1
        }
        let blocks = (words.count - filled) / 4
        Philox.fill(base + filled, blocks: blocks, from: position / 4, key: keyWords)
        position &+= UInt64(4 * blocks)
        filled += 4 * blocks
        while filled < words.count {
            words[filled] = nextWord()
            filled += 1
        }
    }

    /// Fills the buffer with numbers in [0, 1), multiples of 2^-24, a word each. Allocates nothing.
    public mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>) {
        fill(values) { Float($0 >> 8) * 0x1p-24 }
    }

    /// Fills the buffer with standard normal numbers, by inversion, a word each (so no further
    /// than 6.4 from 0). Allocates nothing.
    public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) {
        fill(values) { Float(normalQuantile((Double($0) + 0.5) * 0x1p-32)) }
    }

    @inline(__always)
    private mutating func fill(
        _ values: UnsafeMutableBufferPointer<Float>, _ transform: (UInt32) -> Float
    ) {
        // A part at a time, so that the words are still in the cache when they become numbers.
        let part = 2048
        for start in stride(from: 0, to: values.count, by: part) {
            let piece = UnsafeMutableBufferPointer(
                rebasing: values[start..<min(start + part, values.count)])
            piece.withMemoryRebound(to: UInt32.self) { fillBits($0) }
            for index in piece.indices { piece[index] = transform(piece[index].bitPattern) }
        }
    }

    private var keyWords: SIMD2<UInt32> {
        SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    }

    private mutating func loadBlock() {
        block = Philox.block(at: position / 4, key: keyWords)
    }
}
