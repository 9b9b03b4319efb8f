import Arrays
import Autodiff
import Layers
import Random

/// Hidden layers over a trunk's code and a condition.
///
/// The first layer's product is the sum of one with the code and one with the condition, so that a
/// code that meets many conditions, and a condition that meets many codes, is multiplied once.
///
/// Shape: codes `[batch, code]`, conditions `[batch, condition]` to `[batch, width of the last]`.
struct ConditionedLayers<Scalar: Arrays.Scalar>: Module {
    private let activation: Activation
    /// Shape: `[code, width]`.
    private var codeWeight: Parameter<Scalar>
    private var condition: Dense<Scalar>
    private var rest: Sequential<Scalar>

    init(
        codes: Int, conditions: Int, hidden: [Int], activation: Activation, stream: RandomStream
    ) {
        self.activation = activation
        var width = hidden.first ?? 0
        let inputs = codes + conditions
        codeWeight = Parameter(
            Initializer.uniformFanIn([codes, width], fanIn: inputs, stream: stream.stream("code")),
            decays: true)
        condition = Dense(
            inputs: conditions, outputs: width, stream: stream.stream("condition"))
        condition.weight.tensor = Tensor(
            Initializer.uniformFanIn(
                [conditions, width], fanIn: inputs, stream: stream.stream("condition")))
        var layers: [any Layer<Scalar>] = []
        for (index, next) in hidden.dropFirst().enumerated() {
            layers.append(
                Dense<Scalar>(
                    inputs: width, outputs: next, stream: stream.stream("hidden").stream(index)))
            layers.append(ActivationLayer<Scalar>(activation))
            width = next
        }
        rest = Sequential(layers)
    }

    func callAsFunction(
        _ codes: Tensor<Scalar>, _ conditions: Tensor<Scalar>, mode: Mode
    ) -> Tensor<Scalar> {
        let joined =
            Tensor.matrixProduct(codes, codeWeight.tensor) + condition(conditions, mode: mode)
        return rest(activation(joined), mode: mode.child("rest"))
    }

    /// Every code with every condition, the conditions of a code together.
    func crossed(_ codes: NDArray<Scalar>, _ conditions: NDArray<Scalar>) -> Tensor<Scalar> {
        let byCode = NDArray.matrixProduct(codes, codeWeight.tensor.array)
        let byCondition = condition(Tensor(conditions), mode: .inference).array
        let (rows, width) = (conditions.rows, byCode.columns)
        var joined = byCondition.repeated(codes.rows, axis: 0)
        joined.withUnsafeMutablePointer { joined in
            byCode.withUnsafePointer { byCode in
                for row in 0..<codes.rows * rows {
                    Scalar.addScaled(
                        1, byCode + row / rows * width, to: joined + row * width, count: width)
                }
            }
        }
        return rest(
            activation(Tensor(joined.reshaped(to: [codes.rows * rows, width]))),
            mode: .inference)
    }

    mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("codeWeight"), &codeWeight)
        try condition.forEachParameter(at: path.appending("condition"), body)
        try rest.forEachParameter(at: path.appending("rest"), body)
    }
}
