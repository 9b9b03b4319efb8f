import Arrays
import Autodiff
import Layers
import Quantiles
import Random

/// A network from transformed inputs to ascending quantiles of the scaled label.
///
/// Shape: `[batch, input]` to `[batch, level]`.
public struct QuantileNetwork<Scalar: Arrays.Scalar>: Layer {
    public let spec: NetworkSpec
    public let layout: InputLayout
    public let levels: QuantileLevels
    var encoder: StepEncoder<Scalar>?
    /// The hidden layers; in two stages the trunk.
    public var body: Sequential<Scalar>
    /// In two stages what stands between the trunk and the quantiles.
    var joint: ConditionedLayers<Scalar>?
    public var head: NonCrossingHead<Scalar>

    /// - Parameter quantiles: Of the scaled training labels, one a level: what the untrained
    ///   network forecasts, about.
    /// - Precondition: The spec has no objection to the layout.
    public init(
        _ spec: NetworkSpec, layout: InputLayout, levels: QuantileLevels, quantiles: [Double],
        stream: RandomStream
    ) {
        if let objection = spec.objection(to: layout) {
            preconditionFailure("QuantileNetwork: \(objection)")
        }
        self.spec = spec
        self.layout = layout
        self.levels = levels
        var width = spec.family == .twoStage ? layout.stateCount : layout.count
        encoder = spec.encoder.map {
            StepEncoder(
                $0, structure: layout.structure, inputs: width, stream: stream.stream("encoder"))
        }
        if let encoder = spec.encoder {
            width += encoder.width * layout.structure.sequences.count
        }
        var layers: [any Layer<Scalar>] = []
        if let embedding = spec.embedding {
            layers.append(
                PiecewiseLinearEmbedding<Scalar>(
                    starts: layout.binStarts, plainFeatures: layout.plain, width: embedding,
                    stream: stream.stream("embedding")))
            width = embedding * (layout.binStarts.count - 1 + (layout.plain > 0 ? 1 : 0))
        }
        if spec.inputGates != nil { layers.append(InputGates<Scalar>(features: width)) }
        if spec.members > 1 {
            layers.append(
                MemberScale<Scalar>(
                    members: spec.members, features: width, stream: stream.stream("members")))
        }
        for (index, next) in spec.hidden.enumerated() {
            layers.append(
                Self.block(
                    spec, inputs: width, outputs: next,
                    stream: stream.stream("hidden").stream(index)))
            width = next
        }
        body = Sequential(layers)
        if spec.family == .twoStage {
            joint = ConditionedLayers(
                codes: width, conditions: layout.structure.conditions, hidden: spec.head,
                activation: spec.activation, stream: stream.stream("joint"))
            width = spec.head.last ?? width
        }
        head = NonCrossingHead(
            inputs: width, levels: levels, members: spec.members, quantiles: quantiles,
            stream: stream.stream("head"))
    }

    private static func block(
        _ spec: NetworkSpec, inputs: Int, outputs: Int, stream: RandomStream
    ) -> any Layer<Scalar> {
        var block: [any Layer<Scalar>] = [Dense(inputs: inputs, outputs: outputs, stream: stream)]
        if spec.layerNorm { block.append(LayerNorm<Scalar>(features: outputs)) }
        block.append(ActivationLayer<Scalar>(spec.activation))
        if spec.dropout > 0 { block.append(Dropout<Scalar>(rate: spec.dropout)) }
        return spec.residual && inputs == outputs
            ? ResidualBlock<Scalar>(block) : Sequential<Scalar>(block)
    }

    /// The mean of the members' quantiles; means of ascending rows ascend.
    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        let forecasts = memberForecasts(x, mode: mode)
        return spec.members == 1 ? forecasts : forecasts.mean(axis: 0)
    }

    /// The quantiles of each member, which is what training scores.
    ///
    /// Shape: `[batch, input]` to `[member, batch, level]`, or `[batch, level]` for one member.
    public func memberForecasts(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        guard let joint else { return head(hidden(x, mode: mode), mode: mode.child("head")) }
        let code = hidden(x.slice(axis: 1, 0..<layout.stateCount), mode: mode)
        let condition = x.slice(axis: 1, layout.stateCount..<layout.count)
        return head(joint(code, condition, mode: mode.child("joint")), mode: mode.child("head"))
    }

    /// The network with its first members only: members are alike, and a few that were trained
    /// beside others forecast nearly as well as all of them, at a part of the cost.
    ///
    /// - Precondition: 2 members stay at least, and no more than there are.
    public func keepingMembers(_ count: Int) -> Self {
        precondition(
            count >= 2 && count <= spec.members,
            "QuantileNetwork: \(count) of \(spec.members) members")
        var spec = spec
        spec.members = count
        let fewer = Initializer.leavingUndefined {
            QuantileNetwork(
                spec, layout: layout, levels: levels, quantiles: levels.values,
                stream: RandomStream(seed: 0))
        }
        return fewer.withParameters(
            zip(parameters, fewer.parameters).map { all, kept in
                let array = all.parameter.tensor.array
                // What members do not share has them in front.
                return array.shape == kept.parameter.shape
                    ? array : array.slice(axis: 0, 0..<count)
            })
    }

    private func hidden(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        body(encoder.map { $0(x, mode: mode.child("encoder")) } ?? x, mode: mode.child("body"))
    }

    /// The trunk alone: what a bond's state says, ready for any number of conditions.
    ///
    /// Shape: `[bond, state]` to `[bond, code]`.
    /// - Precondition: The family is two-stage.
    public func codes(of states: NDArray<Scalar>) -> NDArray<Scalar> {
        precondition(joint != nil, "QuantileNetwork: the family \(spec.family) has no trunk")
        return hidden(Tensor(states), mode: .inference).array
    }

    /// The quantiles of every code under every condition, the conditions of a bond together.
    ///
    /// Shape: codes `[bond, code]`, conditions `[variation, condition]` to
    /// `[bond x variation, level]`.
    /// - Precondition: The family is two-stage.
    public func forecasts(codes: NDArray<Scalar>, conditions: NDArray<Scalar>) -> NDArray<Scalar> {
        guard let joint else {
            preconditionFailure("QuantileNetwork: the family \(spec.family) has no trunk")
        }
        return head(joint.crossed(codes, conditions), mode: .inference).array
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ visit: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try encoder?.forEachParameter(at: path.appending("encoder"), visit)
        try body.forEachParameter(at: path.appending("body"), visit)
        try joint?.forEachParameter(at: path.appending("joint"), visit)
        try head.forEachParameter(at: path.appending("head"), visit)
    }
}
