import Arrays
import Autodiff
import Layers

extension QuantileNetwork {
    /// Where, on the way from the inputs to the quantiles, numbers are first not finite: `inputs`, a
    /// parameter or a layer by its name; nil where all are.
    ///
    /// Shape: `[batch, input]`.
    public func firstNonFinite(_ x: Tensor<Scalar>, mode: Mode) -> String? {
        func isFinite(_ array: NDArray<Scalar>) -> Bool { array.sumOfSquares().isFinite }
        if !x.array.elements.allSatisfy(\.isFinite) { return "inputs" }
        if let weight = parameters.first(where: {
            !$0.parameter.tensor.array.elements.allSatisfy(\.isFinite)
        }) {
            return weight.name
        }
        var hidden = joint == nil ? x : x.slice(axis: 1, 0..<layout.stateCount)
        if let encoder {
            hidden = encoder(hidden, mode: mode.child("encoder"))
            if !isFinite(hidden.array) { return "encoder" }
        }
        for (index, layer) in body.layers.enumerated() {
            hidden = layer(hidden, mode: mode.child("body").child("\(index)"))
            if !isFinite(hidden.array) { return "body.\(index)" }
        }
        if let joint {
            let condition = x.slice(axis: 1, layout.stateCount..<layout.count)
            hidden = joint(hidden, condition, mode: mode.child("joint"))
            if !isFinite(hidden.array) { return "joint" }
        }
        return isFinite(head(hidden, mode: mode.child("head")).array) ? nil : "head"
    }
}
