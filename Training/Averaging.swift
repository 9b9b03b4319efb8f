import Arrays
import Autodiff
import Layers

extension Module {
    /// Moves every parameter towards that of another module of the same make:
    /// `p = keep p + (1 - keep) other`.
    package mutating func average(towards other: Self, keep: Double) {
        var arrays = other.parameters.map(\.parameter.tensor.array)
        arrays.reverse()
        forEachParameter(at: .root) { _, parameter in
            guard let target = arrays.popLast() else { return }
            parameter.tensor.update { array in
                let count = array.count
                array.withUnsafeMutablePointer {
                    Scalar.affine(Scalar(keep), 0, $0, into: $0, count: count)
                }
                array.add(target, scale: Scalar(1 - keep))
            }
        }
    }
}
