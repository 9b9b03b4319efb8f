/// The Philox4x32-10 counter-based generator.
///
/// A block is a pure function of a 128-bit counter and a 64-bit key, so any part of a stream can
/// be made without the parts before it.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
public enum Philox {
    private static let rounds = 10

    /// Returns the four 32-bit words of one block.
    public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (word0, word1, word2, word3) = (counter.x, counter.y, counter.z, counter.w)
        var (key0, key1) = (key.x, key.y)
        for _ in 0..<rounds {
            round(&word0, &word1, &word2, &word3, key0, key1)
            advance(&key0, &key1)
        }
        return SIMD4(word0, word1, word2, word3)
    }

    /// Writes `count` consecutive blocks, whose counters are `first`, `first + 1`, … in the lower
    /// 64 bits and `above` in the upper.
    static func fill(
        _ words: UnsafeMutablePointer<UInt32>, blocks count: Int, from first: UInt64,
        above: (UInt32, UInt32) = (0, 0), key: SIMD2<UInt32>
    ) {
        // Sixteen blocks side by side: the loops over lanes become vector instructions.
        let lanes = 16
        var done = 0
        if count >= lanes {
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * lanes) { state in
                guard let word0 = state.baseAddress else { return }
                let (word1, word2, word3) = (word0 + lanes, word0 + 2 * lanes, word0 + 3 * lanes)
                while done + lanes <= count {
                    for lane in 0..<lanes {
                        let index = first &+ UInt64(done + lane)
                        word0[lane] = UInt32(truncatingIfNeeded: index)
                        word1[lane] = UInt32(truncatingIfNeeded: index >> 32)
                        word2[lane] = above.0
                        word3[lane] = above.1
                    }
                    var (key0, key1) = (key.x, key.y)
                    for _ in 0..<rounds {
                        for lane in 0..<lanes {
                            round(
                                &word0[lane], &word1[lane], &word2[lane], &word3[lane], key0, key1)
                        }
                        advance(&key0, &key1)
                    }
                    let output = words + 4 * done
                    for lane in 0..<lanes {
                        output[4 * lane] = word0[lane]
                        output[4 * lane + 1] = word1[lane]
                        output[4 * lane + 2] = word2[lane]
                        output[4 * lane + 3] = word3[lane]
                    }
                    done += lanes
                }
            }
        }
        for index in done..<count {
            let position = first &+ UInt64(index)
            let block = block(
                counter: SIMD4(
                    UInt32(truncatingIfNeeded: position),
                    UInt32(truncatingIfNeeded: position >> 32), above.0, above.1),
                key: key)
            for word in 0..<4 { words[4 * index + word] = block[word] }
        }
    }

    /// Returns the block at a counter below 2^64.
    static func block(at index: UInt64, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), 0, 0),
            key: key)
    }

    @inline(__always)
    private static func round(
        _ word0: inout UInt32, _ word1: inout UInt32, _ word2: inout UInt32, _ word3: inout UInt32,
        _ key0: UInt32, _ key1: UInt32
    ) {
        let product0 = UInt64(word0) &* 0xD251_1F53
        let product1 = UInt64(word2) &* 0xCD9E_8D57
        word0 = UInt32(truncatingIfNeeded: product1 >> 32) ^ word1 ^ key0
        word1 = UInt32(truncatingIfNeeded: product1)
        word2 = UInt32(truncatingIfNeeded: product0 >> 32) ^ word3 ^ key1
        word3 = UInt32(truncatingIfNeeded: product0)
    }

    /// The next round's key: a Weyl sequence.
    @inline(__always)
    private static func advance(_ key0: inout UInt32, _ key1: inout UInt32) {
        key0 &+= 0x9E37_79B9
        key1 &+= 0xBB67_AE85
    }
}
