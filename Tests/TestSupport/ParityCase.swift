import Arrays
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
}
