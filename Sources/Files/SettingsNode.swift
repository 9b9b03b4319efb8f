import Yams

/// A piece of a YAML document, with the place that it comes from.
struct SettingsNode {
    enum Value {
        /// A text; not plain where it stands in quotes or a block, so that it is never a number.
        case scalar(String, plain: Bool)
        case list([SettingsNode])
        case mapping([(key: String, node: SettingsNode)])
    }

    /// What reading a document keeps count of.
    private struct Reading {
        /// Whether lines of the text are those that the user sees.
        let countsLines: Bool
        var nodesLeft = SettingsNode.mostNodes

        func place(_ place: Settings.Place, _ line: Int?) -> Settings.Place {
            var place = place
            if countsLines { place.line = line ?? place.line }
            return place
        }
    }

    var value: Value
    var origin: Settings.Place

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

    /// Parses a YAML document that is a whole file.
    init(yaml: String, file: String) throws(FileError) {
        try self.init(
            yaml: yaml, origin: Settings.Place(file: file, line: 1),
            reading: Reading(countsLines: true))
    }

    /// Parses a value that stands at a place, as a text of its own.
    init(yaml: String, at place: Settings.Place) throws(FileError) {
        try self.init(yaml: yaml, origin: place, reading: Reading(countsLines: false))
    }

    private init(
        yaml: String, origin: Settings.Place, reading: Reading
    ) throws(FileError) {
        guard yaml.utf8.count <= Self.largestText else {
            throw FileError(
                .badData, file: origin.file, "too large for settings",
                expected: "at most \(Self.largestText >> 10) kB",
                found: "\(yaml.utf8.count >> 10) kB")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw Self.invalid(error, yaml: yaml, origin: origin, reading)
        } catch {
            throw FileError(.badData, file: origin.file, line: origin.line, "not valid YAML")
        }
        guard let root else {
            self.init(value: .scalar("", plain: true), origin: origin)
            return
        }
        var reading = reading
        try self.init(root, origin: origin, depth: 0, &reading)
    }

    private init(value: Value, origin: Settings.Place) {
        self.value = value
        self.origin = origin
    }

    private init(
        _ node: Node, origin parent: Settings.Place, depth: Int, _ reading: inout Reading
    ) throws(FileError) {
        let origin = reading.place(parent, node.mark?.line)
        reading.nodesLeft -= 1
        guard depth <= Self.deepest, reading.nodesLeft >= 0 else {
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
                    try SettingsNode(item, origin: origin, depth: depth + 1, &reading))
            }
            self.init(value: .list(items), origin: origin)
        case .mapping(let mapping):
            var entries: [(key: String, node: SettingsNode)] = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw FileError(
                        .badData, file: origin.file,
                        line: reading.place(origin, key.mark?.line).line,
                        "a key that is not a text", expected: "key: value")
                }
                let place = reading.place(origin, key.mark?.line)
                var entry = try SettingsNode(value, origin: place, depth: depth + 1, &reading)
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
        _ error: YamlError, yaml: String, origin: Settings.Place, _ reading: Reading
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
            .badData, file: origin.file, line: reading.place(origin, line).line,
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
    static func empty(origin: Settings.Place) -> SettingsNode {
        SettingsNode(value: .mapping([]), origin: origin)
    }
}
