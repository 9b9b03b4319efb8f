import Files
import Layers

/// What a network is made of: the `model` section of a recipe.
public struct NetworkSpec: Sendable, Hashable, Codable {
    public enum Family: String, CaseIterable, Sendable, Codable {
        /// Dense layers, each followed by an activation.
        case mlp
    }

    public var family: Family
    /// The width of each hidden layer, first to last.
    public var hidden: [Int]
    public var activation: Activation
    /// Whether each hidden layer normalises its rows before the activation.
    public var layerNorm: Bool
    /// The share of hidden units that training drops.
    public var dropout: Double
    /// Whether a hidden layer as wide as the one before adds to it instead of replacing it.
    public var residual: Bool

    /// More weights than this are refused: with their moments and averages they need 24 GB.
    public static let mostWeights = 1e9

    private static let widths = 1...65_536
    private static let dropoutRates = 0...0.95

    public init(
        family: Family = .mlp, hidden: [Int], activation: Activation = .relu,
        layerNorm: Bool = false, dropout: Double = 0, residual: Bool = false
    ) {
        self.family = family
        self.hidden = hidden
        self.activation = activation
        self.layerNorm = layerNorm
        self.dropout = dropout
        self.residual = residual
    }

    /// Reads a `model` section.
    ///
    /// - Throws: ``Files/FileError`` for a value of the wrong kind or out of range.
    public init(_ settings: Settings) throws(FileError) {
        family = try settings.choice("family", default: Family.mlp)
        hidden = try settings.ints("hidden", default: [256, 256], in: Self.widths)
        activation = try settings.choice("activation", default: Activation.relu)
        layerNorm = try settings.bool("layer_norm", default: false)
        dropout = try settings.double("dropout", default: 0, in: Self.dropoutRates)
        residual = try settings.bool("residual", default: false)
    }

    /// Whether every value is in the range that recipes may give.
    var isInRange: Bool {
        hidden.allSatisfy(Self.widths.contains) && Self.dropoutRates.contains(dropout)
    }

    /// The numbers in the matrices of a network; not an `Int`, because a damaged file may ask for
    /// more of them than an `Int` counts.
    public func weightCount(inputs: Int, outputs: Int) -> Double {
        var count = 0.0
        var width = Double(inputs)
        for next in hidden + [outputs] {
            count += width * Double(next)
            width = Double(next)
        }
        return count
    }
}
