extension Settings {
    /// Every value that is written here or below, as YAML text on one line, under its keys joined
    /// by points.
    public var leaves: [(key: String, value: String)] { node.leaves() }

    /// The items of a list of anything, each as YAML text on one line.
    public func inlineItems(_ key: String) throws(FileError) -> [String] {
        guard let node = entry(key), case .list(let items) = node.value, !items.isEmpty else {
            throw FileError(
                .badData, file: node.origin.file, line: entry(key)?.origin.line,
                "'\(name(key))' is not right", expected: "a list of values")
        }
        note(key, .inline(node.inlined))
        return items.map(\.inlined)
    }
}
