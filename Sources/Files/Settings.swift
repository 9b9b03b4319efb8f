/// A strict view of a YAML mapping: a recipe, a model's spec, a protocol.
///
/// Each key is asked for by name, with its type, range and default; `finish()` then refuses every
/// key that nobody asked for and names the nearest known one. Errors tell file, line, key, what
/// was expected and found. What was asked for is recorded, so `yaml()` gives the resolved
/// settings, defaults included, which read back to the same values.
///
/// It is a reference: a section and the settings that it came from share their record.
public final class Settings {
    /// Where a value was written: a line of a file, or a command line option.
    public struct Place: Sendable, Equatable {
        public var file: String
        public var line: Int?

        public init(file: String, line: Int? = nil) {
            self.file = file
            self.line = line
        }
    }

    /// The name of the file, as errors tell it.
    public let file: String
    /// The keys that lead here, joined by points; empty at the top.
    public let path: String
    var node: SettingsNode
    /// Keys that were asked for, in that order, with what they resolved to.
    private var record: [(key: String, value: Resolved)] = []

    enum Resolved {
        /// Not there, and nothing stands for it.
        case absent
        /// A value as YAML text on one line.
        case inline(String)
        case section(Settings)
        case sections([Settings])
    }

    /// Reads settings from a text; `file` is its name in errors.
    public convenience init(yaml: String, file: String) throws(FileError) {
        try self.init(
            root: SettingsNode(yaml: yaml, file: file), file: file)
    }

    /// Reads settings from a file.
    public convenience init(path: String) throws(FileError) {
        try self.init(yaml: FileContents.text(of: path), file: path)
    }

    private convenience init(root: SettingsNode, file: String) throws(FileError) {
        var root = root
        if root.isNull { root = .empty(origin: root.origin) }
        guard case .mapping = root.value else {
            throw FileError(
                .badData, file: file, line: root.origin.line, "not settings",
                expected: "a mapping of keys to values", found: root.summary)
        }
        self.init(node: root, file: file, path: "")
    }

    private init(node: SettingsNode, file: String, path: String) {
        self.node = node
        self.file = file
        self.path = path
    }

    /// Sets a value from elsewhere; to be called before reading.
    ///
    /// - Parameters:
    ///   - keyPath: keys joined by points; missing sections are made.
    ///   - yamlValue: any YAML value: `0.1`, `[1, 2]`, `{a: 1}`.
    ///   - place: where it was written; nil for the command line (`--set training.steps=500`).
    public func set(
        _ keyPath: String, to yamlValue: String, at place: Place? = nil
    ) throws(FileError) {
        let place = place ?? Place(file: String("--set \(keyPath)=\(yamlValue)".prefix(80)))
        let keys = keyPath.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw FileError(
                .badData, file: place.file, line: place.line, "'\(keyPath)' is not a key",
                expected: "key.path=value")
        }
        try node.set(keys[...], to: SettingsNode(yaml: yamlValue, at: place))
    }

    /// Removes what a path of keys leads to, where there is something; to be called before reading.
    public func remove(_ keyPath: String) {
        node.remove(keyPath.split(separator: ".").map(String.init)[...])
    }

    /// The keys that are written here, in their order.
    public var keys: [String] { entries.map(\.key) }

    /// Whether a key holds a mapping, for keys that may hold a name or a mapping.
    public func isSection(_ key: String) -> Bool {
        if case .mapping = entry(key)?.value { true } else { false }
    }

    private var entries: [(key: String, node: SettingsNode)] {
        if case .mapping(let entries) = node.value { entries } else { [] }
    }

    func entry(_ key: String) -> SettingsNode? { entries.first { $0.key == key }?.node }

    func note(_ key: String, _ value: Resolved) {
        if let index = record.firstIndex(where: { $0.key == key }) {
            record[index].value = value
        } else {
            record.append((key, value))
        }
    }

    func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// Where a key was written; where it is absent, the file.
    public func place(of key: String) -> Place {
        entry(key)?.origin ?? Place(file: file)
    }

    /// What is wrong with a key that could be read, such as beside another one.
    public func objection(
        to key: String, _ problem: String, expected: String? = nil, found: String? = nil,
        advice: String? = nil
    ) -> FileError {
        let place = place(of: key)
        return FileError(
            .badData, file: place.file, line: place.line, "'\(name(key))': \(problem)",
            expected: expected, found: found, advice: advice)
    }

    func wrong(
        _ key: String, _ node: SettingsNode, _ problem: String, expected: String,
        found: String? = nil
    ) -> FileError {
        FileError(
            .badData, file: node.origin.file, line: node.origin.line,
            "'\(name(key))' \(problem)", expected: expected, found: found ?? node.summary)
    }
}

// MARK: - Sections

extension Settings {
    /// The mapping under a key, nil where the key is absent or null.
    public func section(_ key: String) throws(FileError) -> Settings? {
        note(key, .absent)
        guard let node = entry(key), !node.isNull else { return nil }
        guard case .mapping = node.value else {
            throw wrong(key, node, "is not a section", expected: "a mapping of keys to values")
        }
        let section = Settings(node: node, file: file, path: name(key))
        note(key, .section(section))
        return section
    }

    /// The mapping under a key, empty where there is none, so that its defaults are recorded.
    public func sectionOrEmpty(_ key: String) throws(FileError) -> Settings {
        if let section = try section(key) { return section }
        let section = Settings(
            node: .empty(origin: node.origin), file: file, path: name(key))
        note(key, .section(section))
        return section
    }

    /// A list of mappings, empty where the key is absent.
    public func sections(_ key: String) throws(FileError) -> [Settings] {
        note(key, .absent)
        guard let node = entry(key), !node.isNull else { return [] }
        guard case .list(let items) = node.value else {
            throw wrong(key, node, "is not right", expected: "a list of mappings")
        }
        var sections: [Settings] = []
        for (index, item) in items.enumerated() {
            let itemKey = "\(key)[\(index)]"
            guard case .mapping = item.value else {
                throw wrong(
                    itemKey, item, "is not a section", expected: "a mapping of keys to values")
            }
            sections.append(Settings(node: item, file: file, path: name(itemKey)))
        }
        note(key, .sections(sections))
        return sections
    }

    /// Refuses the first key, here or in any section that was opened, that nobody asked for.
    public func finish() throws(FileError) { try finish(root: self) }

    private func finish(root: Settings) throws(FileError) {
        for (key, node) in entries {
            switch record.first(where: { $0.key == key })?.value {
            case nil:
                throw FileError(
                    .badData, file: node.origin.file, line: node.origin.line,
                    "unknown key '\(name(key))'", advice: advice(for: key, root: root))
            case .section(let section): try section.finish(root: root)
            case .sections(let sections): for item in sections { try item.finish(root: root) }
            default: break
            }
        }
    }

    private func advice(for key: String, root: Settings) -> String {
        let known = record.map(\.key)
        if let near = Spelling.nearest(to: key, among: known) {
            return "Did you mean '\(name(near))'?"
        }
        // The right word in the wrong section is as common as a wrong word.
        if let elsewhere = root.knownPaths.first(where: { $0.key == key })?.path {
            return "Did you mean '\(elsewhere)'?"
        }
        return known.isEmpty
            ? "No keys are known here" : "Known here: " + Spelling.list(known, limit: 24)
    }

    private var knownPaths: [(key: String, path: String)] {
        record.flatMap { key, value in
            var found = [(key: key, path: name(key))]
            if case .section(let section) = value { found += section.knownPaths }
            return found
        }
    }
}

// MARK: - Writing

extension Settings {
    /// The settings as they were resolved, defaults included, as YAML text.
    public func yaml() -> String {
        let lines = yamlLines()
        return lines.isEmpty ? "{}\n" : lines.map { $0 + "\n" }.joined()
    }

    private func yamlLines() -> [String] {
        record.flatMap { key, value -> [String] in
            let key = Self.quotedIfNeeded(key)
            switch value {
            case .absent: return []
            case .inline(let text): return ["\(key): \(text)"]
            case .section(let section):
                let lines = section.yamlLines()
                return lines.isEmpty ? ["\(key): {}"] : ["\(key):"] + lines.map { "  " + $0 }
            case .sections(let sections):
                if sections.isEmpty { return ["\(key): []"] }
                return ["\(key):"]
                    + sections.flatMap { section -> [String] in
                        let lines = section.yamlLines()
                        guard let first = lines.first else { return ["  - {}"] }
                        return ["  - " + first] + lines.dropFirst().map { "    " + $0 }
                    }
            }
        }
    }

    /// A text as a YAML scalar that every reader takes for that text.
    static func quotedIfNeeded(_ text: String) -> String {
        let reserved: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let plain =
            text.utf8.first.map { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A || $0 == 0x5F } ?? false
            && text.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39)
                    || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E || $0 == 0x2F
            }
        if plain, !reserved.contains(text.lowercased()) { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            case _ where scalar.properties.isAlphabetic: quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
