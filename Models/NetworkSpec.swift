import Files
import Layers

/// What a network is made of: the `model` section of a recipe.
public struct NetworkSpec: Sendable, Hashable, Codable {
    public enum Family: String, CaseIterable, Sendable, Codable {
        /// Dense layers, each followed by an activation.
        case mlp
        /// Linear quantile regression: no hidden layer.
        case linear
        /// A trunk over what is known of a bond, and a head over the trunk's output and the
        /// condition of a trade.
        case twoStage = "two-stage"
    }

    public var family: Family
    /// The width of each hidden layer, first to last; in two stages those of the trunk.
    public var hidden: [Int]
    public var activation: Activation
    /// Whether each hidden layer normalises its rows before the activation.
    public var layerNorm: Bool
    /// The share of hidden units that training drops.
    public var dropout: Double
    /// Whether a hidden layer as wide as the one before adds to it instead of replacing it.
    public var residual: Bool
    /// The width of each feature's trainable embedding; nil where features enter as they are.
    public var embedding: Int?
    /// The lasso on the gates (``Layers/InputGates``) of the numbers that enter the hidden layers,
    /// beside a step of Adam, which is about 1: from 1 on no gate stays open, and 0 leaves them
    /// without a lasso. Nil where there are no gates.
    public var inputGates: Double?
    /// How many members share the hidden layers, each with an input scale and a head of its own.
    public var members: Int
    /// Reads the sequence part of the features; nil where there is none or it enters as it is.
    public var encoder: StepEncoderSpec?
    /// In two stages the widths of the head's hidden layers.
    public var head: [Int]

    /// More weights than this are refused: with their moments and averages they need 24 GB.
    public static let mostWeights = 1e9

    private static let widths = 1...65_536
    private static let embeddingWidths = 1...1_024
    private static let memberCounts = 1...256
    private static let dropoutRates = 0...0.95
    private static let gatePenalties = 0...1.0

    public init(
        family: Family = .mlp, hidden: [Int], activation: Activation = .relu,
        layerNorm: Bool = false, dropout: Double = 0, residual: Bool = false,
        embedding: Int? = nil, inputGates: Double? = nil, members: Int = 1,
        encoder: StepEncoderSpec? = nil, head: [Int] = []
    ) {
        self.family = family
        self.hidden = hidden
        self.activation = activation
        self.layerNorm = layerNorm
        self.dropout = dropout
        self.residual = residual
        self.embedding = embedding
        self.inputGates = inputGates
        self.members = members
        self.encoder = encoder
        self.head = head
    }

    /// Reads a `model` section.
    ///
    /// - Throws: ``Files/FileError`` for a value of the wrong kind or out of range.
    public init(_ settings: Settings) throws(FileError) {
        self.init(
            family: try settings.choice("family", default: Family.mlp), hidden: [])
        guard family != .linear else { return }
        let isTwoStage = family == .twoStage
        hidden = try settings.ints("hidden", default: [256, 256], in: Self.widths)
        activation = try settings.choice(
            "activation", default: isTwoStage ? Activation.gelu : .relu)
        layerNorm = try settings.bool("layer_norm", default: isTwoStage)
        dropout = try settings.double("dropout", default: 0, in: Self.dropoutRates)
        residual = try settings.bool("residual", default: false)
        inputGates = try settings.optionalDouble("input_gates", in: Self.gatePenalties)
        encoder = try settings.section("encoder").map { (section) throws(FileError) in
            try StepEncoderSpec(section)
        }
        if isTwoStage {
            head = try settings.ints("head", default: [64, 64], in: Self.widths)
            for (key, widths) in [("hidden", hidden), ("head", head)] where widths.isEmpty {
                throw settings.objection(
                    to: key, "each of the two stages has a layer", expected: "one width or more",
                    found: "[]")
            }
            for key in ["embedding", "members"] where settings.keys.contains(key) {
                throw settings.objection(
                    to: key, "a network in two stages has none",
                    advice: "Remove it, or choose model.family mlp")
            }
        } else {
            embedding = try settings.optionalInt("embedding", in: Self.embeddingWidths)
            members = try settings.int("members", default: 1, in: Self.memberCounts)
        }
    }

    /// Whether every value is in the range that recipes may give.
    var isInRange: Bool {
        (hidden + head).allSatisfy(Self.widths.contains) && Self.dropoutRates.contains(dropout)
            && embedding.map(Self.embeddingWidths.contains) ?? true
            && inputGates.map(Self.gatePenalties.contains) ?? true
            && Self.memberCounts.contains(members) && encoder?.isInRange ?? true
            && (family != .linear || hidden.isEmpty)
            && (family == .twoStage ? !hidden.isEmpty && !head.isEmpty : head.isEmpty)
    }

    /// Why a network of this kind cannot read such inputs; nil where it can.
    public func objection(to layout: InputLayout) -> String? {
        let structure = layout.structure
        if family == .twoStage && (structure.conditions == 0 || layout.stateCount == 0) {
            return "the family two-stage needs features of a trade beside those of the state, "
                + "as a feature store has"
        }
        if (embedding != nil) != (layout.binStarts.count > 1) && family == .mlp {
            return embedding == nil
                ? "inputs.transform piecewise-linear needs model.embedding"
                : "model.embedding needs inputs.transform piecewise-linear"
        }
        if family != .mlp && layout.binStarts.count > 1 {
            return "inputs.transform piecewise-linear needs the family mlp"
        }
        if encoder != nil {
            if structure.sequences.isEmpty || structure.channels == 0 {
                return "model.encoder needs features in steps, as a feature store has"
            }
            if embedding != nil { return "model.encoder and model.embedding exclude each other" }
        }
        return nil
    }

    /// The numbers in the matrices of a network; not an `Int`, because a damaged file may ask for
    /// more of them than an `Int` counts.
    public func weightCount(layout: InputLayout, outputs: Int) -> Double {
        var width = Double(family == .twoStage ? layout.stateCount : layout.count)
        var count = 0.0
        if let embedding {
            count += Double((layout.binStarts.last ?? 0) + layout.plain) * Double(embedding)
            width = Double(embedding) * Double(layout.binStarts.count)
        }
        if let encoder {
            count += encoder.weightCount(
                channels: layout.structure.channels, context: layout.stateCount)
            width += Double(encoder.width) * Double(layout.structure.sequences.count)
        }
        if inputGates != nil { count += width }
        if members > 1 { count += Double(members) * width }
        for next in hidden {
            count += width * Double(next)
            width = Double(next)
        }
        if family == .twoStage { width += Double(layout.structure.conditions) }
        for next in head {
            count += width * Double(next)
            width = Double(next)
        }
        return count + Double(members) * width * Double(outputs)
    }
}

/// What reads the sequence part of the features: the `encoder` section of a `model`.
public struct StepEncoderSpec: Sendable, Hashable, Codable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Every step is embedded, and attention says how much each counts.
        case attention
        /// A recurrent network reads from the oldest to the newest step.
        case lstm
    }

    public var kind: Kind
    /// The numbers that each sequence becomes.
    public var width: Int
    /// The queries of attention; they share the width.
    public var heads: Int

    private static let widths = 1...4_096

    public init(kind: Kind, width: Int = 64, heads: Int = 4) {
        self.kind = kind
        self.width = width
        self.heads = heads
    }

    init(_ settings: Settings) throws(FileError) {
        kind = try settings.choice("kind", default: Kind.attention)
        width = try settings.int("width", default: 64, in: Self.widths)
        heads = kind == .attention ? try settings.int("heads", default: 4, in: 1...64) : 1
        guard isInRange else {
            throw settings.objection(
                to: "heads", "they do not divide the width", expected: "a divisor of \(width)",
                found: "\(heads)")
        }
    }

    var isInRange: Bool {
        Self.widths.contains(width) && (1...64).contains(heads) && width % heads == 0
    }

    func weightCount(channels: Int, context: Int) -> Double {
        let width = Double(width)
        return switch kind {
        case .attention: (Double(channels) + Double(context) + Double(heads)) * width
        case .lstm: 4 * width * (Double(channels) + width)
        }
    }
}
