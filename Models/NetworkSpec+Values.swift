import Layers

extension NetworkSpec {
    /// The keys of a `model` section with their values as a recipe writes them, always in the same
    /// order.
    package var values: [(key: String, text: String)] {
        func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "null" }
        return [
            ("family", family.rawValue), ("hidden", "\(hidden)"), ("head", "\(head)"),
            ("activation", activation.rawValue), ("layer_norm", "\(layerNorm)"),
            ("dropout", "\(dropout)"), ("residual", "\(residual)"), ("embedding", text(embedding)),
            ("input_gates", text(inputGates)), ("members", "\(members)"),
            (
                "encoder",
                text(encoder.map { "{kind: \($0.kind), width: \($0.width), heads: \($0.heads)}" })
            ),
        ]
    }
}
