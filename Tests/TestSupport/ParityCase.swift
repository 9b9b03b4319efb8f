import Arrays
import Autodiff
import Files

/// One case of a parity fixture: what entered the reference, what left it and its derivatives.
///
/// `generate_parity.py` says what the names mean. The fixture in the precision of `Element` is
/// read: what PyTorch computed in that precision.
public struct ParityCase<Element: Scalar> {
    public let name: String
    private let file: SafetensorsFile

    /// - Parameter fixture: the path without `.f32.safetensors` or `.f64.safetensors`.
    public init(_ name: String, fixture: String) throws(FileError) {
        self.name = name
        let precision = Element.self == Float.self ? "f32" : "f64"
        file = try SafetensorsFile(path: "\(fixture).\(precision).safetensors")
    }

    /// The names of the tensors in a role, sorted.
    public func names(_ role: String) -> [String] {
        let prefix = "\(name)/\(role)/"
        return file.entries.map(\.name).filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    public func array(_ role: String, _ tensor: String) throws(FileError) -> NDArray<Element> {
        try file.array("\(name)/\(role)/\(tensor)")
    }

    /// Indices, lengths or masks.
    public func integers(_ tensor: String) throws(FileError) -> [Int] {
        try file.int64s("\(name)/fixed/\(tensor)").map(Int.init)
    }

    /// What differs between the reference and `run`, one line each: the outputs, and the
    /// derivatives by every input of the scalar loss that the fixture defines.
    ///
    /// - Parameters:
    ///   - constants: Inputs that have no derivative with us; they are on no tape.
    ///   - run: From the inputs, the others of which are on a tape, to the outputs, by their names.
    public func complaints(
        tolerance: Double, constants: Set<String> = [],
        run: ([String: Tensor<Element>]) throws -> [String: Tensor<Element>]
    ) throws -> [String] {
        let names = names("input").filter { !constants.contains($0) }
        let tape = Tape<Element>()
        let sources = try names.map { tape.watch(Tensor(try array("input", $0))) }
        var inputs = Dictionary(uniqueKeysWithValues: zip(names, sources))
        for name in constants { inputs[name] = Tensor(try array("input", name)) }
        let outputs = try run(inputs)
        guard outputs.keys.sorted() == self.names("output") else {
            return ["outputs \(outputs.keys.sorted()) instead of \(self.names("output"))"]
        }
        var complaints: [String] = []
        var loss = Tensor<Element>(NDArray(repeating: 0, shape: []))
        for (name, output) in outputs.sorted(by: { $0.key < $1.key }) {
            let expected = try array("output", name)
            mismatch(output.array, from: expected, tolerance: tolerance)
                .map { complaints.append("\(name): \($0)") }
            loss = loss + (output * Tensor(try array("cotangent", name))).sum()
        }
        for (name, gradient) in zip(names, tape.gradients(of: loss, by: sources)) {
            let expected = try array("gradient", name)
            mismatch(gradient, from: expected, tolerance: tolerance)
                .map { complaints.append("derivative by \(name): \($0)") }
        }
        return complaints
    }
}
