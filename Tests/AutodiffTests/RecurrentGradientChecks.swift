import Arrays
import Autodiff

extension Primitive {
    /// With and without initial states and lengths (0, some and all steps), one step and several;
    /// through all results together and through each alone.
    func recurrent(gates: Int) -> [GradientCheck] {
        let (inputs, width) = (2, 3)
        return [(1, nil), (4, nil), (4, [2, 0, 4])].flatMap { steps, lengths in
            let parameters: [NDArray<Double>] = [
                .random([steps, 3, inputs], "x"), .random([inputs, gates * width], "input"),
                .random([width, gates * width], "recurrent"), .random([gates * width], "bias"),
                .random([width], "recurrent bias"),
            ]
            let states: [NDArray<Double>] = [.random([3, width], "h"), .random([3, width], "c")]
            let results = gates == 4 ? [0, 1, 2] : [0, 1]
            return [parameters, parameters + states].flatMap { inputs in
                ([results] + results.map { [$0] }).map { chosen in
                    check(self == .lstm ? inputs.removing(4) : inputs.truncated(to: 6)) { tensors in
                        let all = self.results(of: tensors, lengths: lengths)
                        return .concatenate(
                            chosen.map { all[$0].reshaped(to: [all[$0].array.count]) }, axis: 0)
                    }
                }
            }
        }
    }

    private func results(of tensors: [Tensor<Double>], lengths: [Int]?) -> [Tensor<Double>] {
        if self == .lstm {
            let result = Tensor.lstm(
                tensors[0], initial: tensors.count > 4 ? (tensors[4], tensors[5]) : nil,
                inputWeight: tensors[1], recurrentWeight: tensors[2], bias: tensors[3],
                lengths: lengths)
            return [result.outputs, result.hidden, result.cell]
        }
        let result = Tensor.gru(
            tensors[0], initial: tensors.count > 5 ? tensors[5] : nil, inputWeight: tensors[1],
            recurrentWeight: tensors[2], bias: tensors[3], recurrentBias: tensors[4],
            lengths: lengths)
        return [result.outputs, result.hidden]
    }
}

extension Array {
    fileprivate func removing(_ index: Int) -> Array {
        enumerated().filter { $0.offset != index }.map(\.element)
    }

    fileprivate func truncated(to count: Int) -> Array { Array(prefix(count)) }
}
