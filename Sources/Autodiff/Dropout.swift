import Arrays
import Random

extension Tensor {
    /// Each element is zero with probability `rate`, and otherwise divided by `1 - rate`.
    ///
    /// - Parameter stream: Where the choice comes from; the same stream makes the same choice.
    public func dropout(rate: Double, stream: RandomStream) -> Tensor {
        precondition(rate >= 0 && rate < 1, "dropout: a rate of \(rate) is not in 0..<1")
        let count = array.count
        let threshold = UInt32(rate * 4_294_967_296)
        let scale = Scalar(1 / (1 - rate))
        // The stream makes the same bits again on the way back: they need not be kept.
        let apply: @Sendable (NDArray<Scalar>) -> NDArray<Scalar> = { x in
            var stream = stream
            return NDArray<Scalar>(shape: x.shape) { y in
                x.withUnsafePointer { x in
                    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { bits in
                        guard let random = bits.baseAddress else { return }
                        for start in stride(from: 0, to: count, by: bits.count) {
                            let part = min(bits.count, count - start)
                            stream.fillBits(UnsafeMutableBufferPointer(rebasing: bits[..<part]))
                            Scalar.dropout(
                                x + start, random: random, threshold: threshold, scale: scale,
                                into: y + start, count: part)
                        }
                    }
                }
            }
        }
        return primitive(.dropout, [self], value: apply(array)) { g in [apply(g)] }
    }
}
