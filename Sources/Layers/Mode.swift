import Random

/// Whether a layer trains, and if so where its random choices come from.
public enum Mode: Sendable {
    case inference
    case training(RandomStream)

    /// The mode of a part: its random choices depend on its name only, not on its siblings.
    public func child(_ name: String) -> Mode {
        switch self {
        case .inference: .inference
        case .training(let stream): .training(stream.stream(name))
        }
    }
}
