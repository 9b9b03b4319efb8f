import Arrays
import Autodiff
import Random

/// A dense layer of k members that share one weight: each scales its inputs and, where asked, its
/// outputs by vectors of its own.
///
/// Input scales start as random signs, so that members differ from the first step; output scales
/// start at 1. With output scales each member has its own bias as well.
///
/// Shape: `[member, batch, in]`, or `[batch, in]` that all members read, to `[member, batch, out]`.
/// Source: Wen, Tran, Ba, "BatchEnsemble", 2020; Gorishniy, Kotelnikov, Babenko, "TabM", 2024.
public struct BatchEnsemble<Scalar: Arrays.Scalar>: Layer {
    public var inputScale: MemberScale<Scalar>
    /// Shape: `[in, out]`.
    public var weight: Parameter<Scalar>
    /// Shape: `[member, out]`; nil where outputs are not scaled.
    public var outputScale: Parameter<Scalar>?
    /// Shape: `[member, out]` with output scales, `[out]` without.
    public var bias: Parameter<Scalar>

    public init(
        members: Int, inputs: Int, outputs: Int, scalesOutputs: Bool = true,
        weight: Initializer = .uniformFanIn, bias: Initializer = .uniformFanIn,
        stream: RandomStream
    ) {
        inputScale = MemberScale(
            members: members, features: inputs, stream: stream.stream("inputScale"))
        self.weight = Parameter(
            weight([inputs, outputs], stream: stream.stream("weight")), decays: true)
        outputScale =
            scalesOutputs
            ? Parameter(NDArray(repeating: 1, shape: [members, outputs]), decays: false) : nil
        self.bias = Parameter(
            bias(
                scalesOutputs ? [members, outputs] : [outputs], fanIn: inputs,
                stream: stream.stream("bias")),
            decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        let scaled = inputScale(x, mode: mode)
        guard let outputScale else {
            return .linear(scaled, weight: weight.tensor, bias: bias.tensor)
        }
        return Tensor.matrixProduct(scaled, weight.tensor)
            .memberAffine(scale: outputScale.tensor, bias: bias.tensor)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try inputScale.forEachParameter(at: path.appending("inputScale"), body)
        try body(path.appending("weight"), &weight)
        try outputScale?.visit(at: path.appending("outputScale"), body)
        try body(path.appending("bias"), &bias)
    }
}

/// Makes k members of one input: each scales it by a vector of its own, random signs at the start.
///
/// What follows may be ordinary layers, shared by the members, whose rows they see as one batch;
/// ``MemberDense`` at the end makes them differ again. That is the small form of TabM.
///
/// Shape: `[member, batch, features]`, or `[batch, features]` that all members read, to
/// `[member, batch, features]`.
public struct MemberScale<Scalar: Arrays.Scalar>: Layer {
    /// Shape: `[member, features]`.
    public var scale: Parameter<Scalar>

    public init(members: Int, features: Int, stream: RandomStream) {
        var stream = stream.stream("scale")
        scale = Parameter(
            NDArray(shape: [members, features]) { pointer in
                for i in 0..<members * features { pointer[i] = stream.uniform() < 0.5 ? -1 : 1 }
            }, decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        x.memberAffine(scale: scale.tensor)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("scale"), &scale)
    }
}

/// A dense layer of each of k members, nothing shared: the heads of an ensemble.
///
/// Shape: `[member, batch, in]` to `[member, batch, out]`.
public struct MemberDense<Scalar: Arrays.Scalar>: Layer {
    /// Shape: `[member, in, out]`.
    public var weight: Parameter<Scalar>
    /// Shape: `[member, out]`.
    public var bias: Parameter<Scalar>

    public init(
        members: Int, inputs: Int, outputs: Int, weight: Initializer = .uniformFanIn,
        bias: Initializer = .uniformFanIn, stream: RandomStream
    ) {
        self.weight = Parameter(
            weight([members, inputs, outputs], fanIn: inputs, stream: stream.stream("weight")),
            decays: true)
        self.bias = Parameter(
            bias([members, outputs], fanIn: inputs, stream: stream.stream("bias")), decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        .groupedProduct(x, weight: weight.tensor, bias: bias.tensor)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("weight"), &weight)
        try body(path.appending("bias"), &bias)
    }
}
