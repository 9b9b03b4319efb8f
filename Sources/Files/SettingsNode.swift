import Yams

/// A piece of a YAML document, with the place that it comes from.
struct SettingsNode {
    enum Value {
        /// A text; not plain where it stands in quotes or a block, so that it is never a number.
        case scalar(String, plain: Bool)
        case list([SettingsNode])
        case mapping([(key: String, node: SettingsNode)])
    }

    /// Where a value was written: a line of a file, or a command line option.
    struct Origin {
        var file: String
        var line: Int?
    }

    var value: Value
    var origin: Origin

    /// What the value is, for messages.
    var summary: String {
        switch value {
        case .scalar where isNull: "nothing"
        case .scalar(let text, plain: _): FileError.quoted(text)
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    var isNull: Bool {
        guard case .scalar(let text, plain: true) = value else { return false }
        return text.isEmpty || text == "~" || text.lowercased() == "null"
    }

    /// Settings are small; anything beyond these is an accident or an attack.
    private static let largestText = 1 << 20
    private static let mostNodes = 20_000
    private static let deepest = 32

    /// Parses a YAML document.
    ///
    /// - Parameter line: whether lines of the text mean anything to the user.
    init(yaml: String, file: String, countsLines: Bool) throws(FileError) {
        guard yaml.utf8.count <= Self.largestText else {
            throw FileError(
                .badData, file: file, "too large for settings",
                expected: "at most \(Self.largestText >> 10) kB",
                found: "\(yaml.utf8.count >> 10) kB")
        }
        let origin = Origin(file: file, line: countsLines ? 1 : nil)
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw Self.invalid(error, yaml: yaml, origin: origin)
        } catch {
            throw FileError(.badData, file: file, "not valid YAML")
        }
        guard let root else {
            self.init(value: .scalar("", plain: true), origin: origin)
            return
        }
        var budget = Self.mostNodes
        try self.init(root, origin: origin, depth: 0, budget: &budget)
    }

    private init(value: Value, origin: Origin) {
        self.value = value
        self.origin = origin
    }

    private init(
        _ node: Node, origin document: Origin, depth: Int, budget: inout Int
    ) throws(FileError) {
        var origin = document
        if document.line != nil { origin.line = node.mark?.line ?? document.line }
        budget -= 1
        guard depth <= Self.deepest, budget >= 0 else {
            throw FileError(
                .badData, file: origin.file, line: origin.line, "too many or too deep values",
                expected: "at most \(Self.mostNodes) values, \(Self.deepest) levels deep")
        }
        switch node {
        case .scalar(let scalar):
            let plain = scalar.style == .plain || scalar.style == .any
            self.init(value: .scalar(scalar.string, plain: plain), origin: origin)
        case .sequence(let sequence):
            var items: [SettingsNode] = []
            for item in sequence {
                items.append(
                    try SettingsNode(item, origin: origin, depth: depth + 1, budget: &budget))
            }
            self.init(value: .list(items), origin: origin)
        case .mapping(let mapping):
            var entries: [(key: String, node: SettingsNode)] = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw FileError(
                        .badData, file: origin.file, line: key.mark?.line ?? origin.line,
                        "a key that is not a text", expected: "key: value")
                }
                var place = origin
                if origin.line != nil { place.line = key.mark?.line ?? origin.line }
                var entry = try SettingsNode(
                    value, origin: place, depth: depth + 1, budget: &budget)
                // A key is looked for where it is written, not where a long value begins.
                entry.origin = place
                entries.append((name, entry))
            }
            self.init(value: .mapping(entries), origin: origin)
        case .alias:
            throw FileError(
                .badData, file: origin.file, line: origin.line, "an alias to nothing")
        }
    }

    private static func invalid(
        _ error: YamlError, yaml: String, origin: Origin
    ) -> FileError {
        var line: Int?
        var detail: String?
        switch error {
        case .scanner(let context, let problem, let mark, yaml: _),
            .parser(let context, let problem, let mark, yaml: _),
            .composer(let context, let problem, let mark, yaml: _):
            line = mark.line
            detail = [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
        case .reader(let problem, let offset, value: _, yaml: _):
            line = offset.map { 1 + yaml.prefix($0).count { $0.isNewline } }
            detail = problem
        case .duplicatedKeysInMapping(let duplicates, let context):
            line = context.mark.line
            detail = "the key " + Spelling.list(duplicates) + " stands there twice"
        default: break
        }
        return FileError(
            .badData, file: origin.file, line: origin.line == nil ? nil : line,
            "not valid YAML" + (detail.map { " (\($0))" } ?? ""))
    }
}

extension SettingsNode {
    /// Replaces or adds the value at a path of keys, making the mappings on the way.
    ///
    /// - Parameter done: the keys already walked, for the message.
    mutating func set(
        _ path: ArraySlice<String>, to node: SettingsNode, done: [String] = []
    ) throws(FileError) {
        guard let key = path.first else {
            self = node
            return
        }
        if isNull { value = .mapping([]) }
        guard case .mapping(var entries) = value else {
            throw FileError(
                .badData, file: node.origin.file,
                "'\(done.joined(separator: "."))' has no keys to set", expected: "a mapping",
                found: summary, advice: "Set it as a whole")
        }
        let index = entries.firstIndex { $0.key == key } ?? entries.count
        if index == entries.count {
            entries.append(
                (key, SettingsNode(value: .scalar("", plain: true), origin: node.origin)))
        }
        try entries[index].node.set(path.dropFirst(), to: node, done: done + [key])
        value = .mapping(entries)
    }

    /// Removes the value at a path of keys, where there is one.
    mutating func remove(_ path: ArraySlice<String>) {
        guard let key = path.first, case .mapping(var entries) = value,
            let index = entries.firstIndex(where: { $0.key == key })
        else { return }
        if path.count == 1 {
            entries.remove(at: index)
        } else {
            entries[index].node.remove(path.dropFirst())
        }
        value = .mapping(entries)
    }

    /// Every value below, as YAML text on one line, under its keys joined by points.
    func leaves(_ path: [String] = []) -> [(key: String, value: String)] {
        guard case .mapping(let entries) = value, !entries.isEmpty || path.isEmpty else {
            return [(path.joined(separator: "."), inlined)]
        }
        return entries.flatMap { $0.node.leaves(path + [$0.key]) }
    }

    /// The value as YAML text on one line.
    var inlined: String {
        switch value {
        case .scalar(let text, plain: true): isNull ? "null" : text
        case .scalar(let text, plain: false): Settings.quotedIfNeeded(text)
        case .list(let items): "[" + items.map(\.inlined).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{"
                + entries.map { "\(Settings.quotedIfNeeded($0.key)): \($0.node.inlined)" }
                .joined(separator: ", ") + "}"
        }
    }

    /// An empty mapping, as of a section that is not there.
    static func empty(origin: Origin) -> SettingsNode {
        SettingsNode(value: .mapping([]), origin: origin)
    }
}
