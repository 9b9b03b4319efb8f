import Arrays
import Autodiff
import Random
import TestSupport

/// A function of tensors, at a point where it is smooth: what its derivative is checked on.
struct GradientCheck {
    typealias Function = ([Tensor<Double>]) -> Tensor<Double>

    var name: String
    var inputs: [NDArray<Double>]
    var function: Function

    /// The derivatives of sum(output * C), with a fixed random C, by the tape and by differences;
    /// nil where they agree to 1e-7 of the largest.
    ///
    /// Every input is tracked alone and then all of them together, because a primitive may leave
    /// out what no one asks for.
    func complaint() -> String? {
        for position in inputs.indices {
            let numeric = differences(by: position)
            for tracked in [[position], Array(inputs.indices)] {
                let analytic = tapeGradients(tracking: tracked)[position]
                guard let analytic else { return "\(name): no derivative by input \(position)" }
                if let text = mismatch(analytic, from: numeric, tolerance: 1e-7) {
                    return "\(name): derivative by input \(position), tracking \(tracked): \(text)"
                }
            }
        }
        return nil
    }

    private func loss(_ output: Tensor<Double>) -> Tensor<Double> {
        (output * Tensor(.random(output.shape, "cotangent"))).sum()
    }

    private func tapeGradients(tracking positions: [Int]) -> [NDArray<Double>?] {
        let tape = Tape<Double>()
        var tensors = inputs.map { Tensor($0) }
        for position in positions { tensors[position] = tape.watch(tensors[position]) }
        let gradients = tape.gradients(
            of: loss(function(tensors)), by: positions.map { tensors[$0] })
        var result = [NDArray<Double>?](repeating: nil, count: inputs.count)
        for (position, gradient) in zip(positions, gradients) { result[position] = gradient }
        return result
    }

    /// Central differences of the fourth order: an error of about h^4 = 1e-12.
    private func differences(by position: Int) -> NDArray<Double> {
        let step = 1e-3
        let point = inputs[position]
        let elements = point.elements.indices.map { index -> Double in
            func value(_ steps: Double) -> Double {
                var moved = inputs
                moved[position].withUnsafeMutablePointer { $0[index] += steps * step }
                return loss(function(moved.map { Tensor($0) })).array.scalar
            }
            return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
        }
        return NDArray(elements, shape: point.shape)
    }
}

extension NDArray<Double> {
    /// Standard normal numbers, always the same for a name.
    static func random(_ shape: [Int], _ name: String) -> NDArray {
        var stream = RandomStream(seed: 1).stream(name)
        return NDArray((0..<shape.reduce(1, *)).map { _ in stream.normal() }, shape: shape)
    }

    /// Numbers from 0.5 to 2.
    static func positive(_ shape: [Int], _ name: String) -> NDArray {
        var stream = RandomStream(seed: 1).stream(name)
        let values = (0..<shape.reduce(1, *)).map { _ in 0.5 + 1.5 * stream.uniform() }
        return NDArray(values, shape: shape)
    }

    /// Numbers of either sign, at least 0.1 away from zero.
    static func awayFromZero(_ shape: [Int], _ name: String) -> NDArray {
        let values = random(shape, name).elements.map { $0 < 0 ? $0 - 0.1 : $0 + 0.1 }
        return NDArray(values, shape: shape)
    }
}
