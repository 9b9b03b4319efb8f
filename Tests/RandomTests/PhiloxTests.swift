import Random
import Testing

/// Protects the generator itself: a slip in a constant or a round changes every result that
/// Tenor has ever reported.
@Suite struct PhiloxTests {
    struct Known: Sendable {
        let counter: SIMD4<UInt32>
        let key: SIMD2<UInt32>
        let block: SIMD4<UInt32>
    }

    /// The philox4x32 10 lines of Random123's kat_vectors.
    static let published = [
        Known(
            counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0),
            block: SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
        Known(
            counter: SIMD4(repeating: 0xFFFF_FFFF), key: SIMD2(repeating: 0xFFFF_FFFF),
            block: SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)),
        Known(
            counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
            key: SIMD2(0xA409_3822, 0x299F_31D0),
            block: SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)),
    ]

    @Test(arguments: published)
    func equalsPublishedVectors(known: Known) {
        #expect(Philox.block(counter: known.counter, key: known.key) == known.block)
    }

    @Test func streamWordsAreTheBlocksOfItsKey() {
        var words = [UInt32](repeating: 0, count: 4 * 11)
        let stream = RandomStream(seed: 0x299F_31D0_A409_3822)
        var bulk = stream
        words.withUnsafeMutableBufferPointer { bulk.fillBits($0) }
        for index in 0..<11 {
            let block = Philox.block(
                counter: SIMD4(UInt32(index), 0, 0, 0), key: SIMD2(0xA409_3822, 0x299F_31D0))
            #expect((0..<4).allSatisfy { words[4 * index + $0] == block[$0] }, "block \(index)")
        }
    }

    /// The counter must carry into its second word.
    @Test func bulkAndSingleAgreeBeyondThirtyTwoBits() {
        let start = RandomStream(key: 5, position: (1 << 34) - 10)
        var single = start
        var bulk = start
        var words = [UInt32](repeating: 0, count: 64)
        words.withUnsafeMutableBufferPointer { bulk.fillBits($0) }
        #expect(words == (0..<64).map { _ in single.nextWord() })
        let carried = Philox.block(counter: SIMD4(3, 1, 0, 0), key: SIMD2(5, 0))
        #expect(words[22] == carried[0])
    }
}
