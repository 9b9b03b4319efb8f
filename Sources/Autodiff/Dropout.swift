import Arrays
import Random

extension Tensor {
    /// Each element is zero with probability `rate`, and otherwise divided by `1 - rate`.
    ///
    /// - Parameter stream: Where the choice comes from; the same stream makes the same choice.
    public func dropout(rate: Double, stream: RandomStream) -> Tensor {
        precondition(rate >= 0 && rate < 1, "dropout: a rate of \(rate) is not in 0..<1")
        let count = array.count
        var stream = stream
        let random = [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
            stream.fillBits(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
        let threshold = UInt32(rate * 4_294_967_296)
        let scale = Scalar(1 / (1 - rate))
        let apply: @Sendable (NDArray<Scalar>) -> NDArray<Scalar> = { x in
            NDArray<Scalar>(shape: x.shape) { y in
                x.withUnsafePointer { x in
                    random.withUnsafeBufferPointer { random in
                        guard let random = random.baseAddress else { return }
                        Scalar.dropout(
                            x, random: random, threshold: threshold, scale: scale, into: y,
                            count: count)
                    }
                }
            }
        }
        return primitive(.dropout, [self], value: apply(array)) { g in [apply(g)] }
    }
}
