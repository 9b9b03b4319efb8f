extension NetworkSpec {
    /// The specs in the binary, as YAML, by the name that a recipe's `model` may give.
    public static let embedded: [String: [UInt8]] = [
        "axor-80m": PackageResources.axor_80m_yaml,
        "linear": PackageResources.linear_yaml,
        "mlp": PackageResources.mlp_yaml,
        "tabular": PackageResources.tabular_yaml,
        "two-stage": PackageResources.two_stage_yaml,
        "two-stage-attention": PackageResources.two_stage_attention_yaml,
        "two-stage-lstm": PackageResources.two_stage_lstm_yaml,
    ]
}
