/// What cannot be simulated: the argument, what was expected and what was found.
public struct SimulationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
