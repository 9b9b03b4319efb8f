/// What the features of a store are besides numbers: which stand in sequences, and how many at the
/// end describe the trade instead of the bond.
public struct FeatureStructure: Sendable, Hashable, Codable {
    /// Steps that belong together, as `start..<start + steps` of the sequence part.
    public struct Sequence: Sendable, Hashable, Codable {
        public var start: Int
        public var steps: Int

        public init(start: Int, steps: Int) {
            self.start = start
            self.steps = steps
        }
    }

    /// Numbers in a step; the steps are the first features, one after the other.
    public var channels: Int
    public var sequences: [Sequence]
    /// The features at the end that a forecast can vary for one and the same state.
    public var conditions: Int

    /// - Parameter conditions: No more than there are features.
    public init(channels: Int = 0, sequences: [Sequence] = [], conditions: Int = 0) {
        self.channels = channels
        self.sequences = sequences
        self.conditions = conditions
    }

    /// Whether the structure fits so many features.
    func fits(features: Int) -> Bool {
        (0...features).contains(conditions) && (0...features).contains(channels)
            && sequences.allSatisfy {
                (0...features).contains($0.start) && (1...max(features, 1)).contains($0.steps)
                    && ($0.start + $0.steps) * channels <= features - conditions
            }
    }
}

/// What the columns of a network's input are, left to right: positions among bins, then plain
/// numbers.
public struct InputLayout: Sendable, Hashable {
    /// Where the bins of each feature with bins begin and, last, where they all end; `[0]` where
    /// there are none.
    public var binStarts: [Int]
    /// Columns that are plain numbers, those of the structure's conditions last.
    public var plain: Int
    public var structure: FeatureStructure

    public init(plain: Int, binStarts: [Int] = [0], structure: FeatureStructure = .init()) {
        self.plain = plain
        self.binStarts = binStarts
        self.structure = structure
    }

    /// The width of the input.
    public var count: Int { binStarts.count - 1 + plain }
    /// The columns before the conditions.
    public var stateCount: Int { count - structure.conditions }
}
