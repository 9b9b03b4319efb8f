// How settings are asked for: texts, numbers and lists, with their ranges and defaults.

extension Settings {
    /// A text.
    public func string(_ key: String) throws(FileError) -> String {
        try required(key, Self.text)
    }

    /// A text, or `value` where the key is absent.
    public func string(_ key: String, default value: String) throws(FileError) -> String {
        try optional(key, Self.text) ?? resolve(key, value, Self.text)
    }

    /// A text that may be absent or null.
    public func optionalString(_ key: String) throws(FileError) -> String? {
        try nullable(key, Self.text)
    }

    /// One of a few words; the error names them all.
    public func choice(
        _ key: String, default value: String? = nil, of words: [String]
    ) throws(FileError) -> String {
        let kind = Kind<String>(
            expected: "one of " + Spelling.list(words, limit: 20),
            read: { node in Self.text.read(node).flatMap { words.contains($0) ? $0 : nil } },
            write: Self.quotedIfNeeded)
        if let value { return try optional(key, kind) ?? resolve(key, value, kind) }
        return try required(key, kind)
    }

    /// A whole number within a range.
    public func int<Limits: RangeExpression<Int>>(
        _ key: String, in range: Limits = Int.min...Int.max
    ) throws(FileError) -> Int {
        try required(key, Self.whole(in: range))
    }

    /// A whole number within a range, or `value` where the key is absent.
    public func int<Limits: RangeExpression<Int>>(
        _ key: String, default value: Int, in range: Limits = Int.min...Int.max
    ) throws(FileError) -> Int {
        let kind = Self.whole(in: range)
        return try optional(key, kind) ?? resolve(key, value, kind)
    }

    /// A whole number within a range that may be absent or null.
    public func optionalInt<Limits: RangeExpression<Int>>(
        _ key: String, in range: Limits = Int.min...Int.max
    ) throws(FileError) -> Int? {
        try nullable(key, Self.whole(in: range))
    }

    /// A finite number within a range; `Double.leastNonzeroMagnitude...` means "more than 0".
    public func double<Limits: RangeExpression<Double>>(
        _ key: String, in range: Limits = Settings.anyDouble
    ) throws(FileError) -> Double {
        try required(key, Self.number(in: range))
    }

    /// A finite number within a range, or `value` where the key is absent.
    public func double<Limits: RangeExpression<Double>>(
        _ key: String, default value: Double, in range: Limits = Settings.anyDouble
    ) throws(FileError) -> Double {
        let kind = Self.number(in: range)
        return try optional(key, kind) ?? resolve(key, value, kind)
    }

    /// A finite number within a range that may be absent or null.
    public func optionalDouble<Limits: RangeExpression<Double>>(
        _ key: String, in range: Limits = Settings.anyDouble
    ) throws(FileError) -> Double? {
        try nullable(key, Self.number(in: range))
    }

    /// Every finite number.
    public static var anyDouble: ClosedRange<Double> {
        -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    }

    /// `true` or `false`.
    public func bool(_ key: String) throws(FileError) -> Bool { try required(key, Self.truth) }

    /// `true` or `false`, or `value` where the key is absent.
    public func bool(_ key: String, default value: Bool) throws(FileError) -> Bool {
        try optional(key, Self.truth) ?? resolve(key, value, Self.truth)
    }

    /// A list of texts.
    public func strings(_ key: String) throws(FileError) -> [String] {
        try required(key, Self.list(of: Self.text))
    }

    /// A list of texts, or `value` where the key is absent.
    public func strings(_ key: String, default value: [String]) throws(FileError) -> [String] {
        let kind = Self.list(of: Self.text)
        return try optional(key, kind) ?? resolve(key, value, kind)
    }

    /// A list of whole numbers, each within a range.
    public func ints<Limits: RangeExpression<Int>>(
        _ key: String, in range: Limits = Int.min...Int.max
    ) throws(FileError) -> [Int] {
        try required(key, Self.list(of: Self.whole(in: range)))
    }

    /// A list of whole numbers, each within a range, or `value` where the key is absent.
    public func ints<Limits: RangeExpression<Int>>(
        _ key: String, default value: [Int], in range: Limits = Int.min...Int.max
    ) throws(FileError) -> [Int] {
        let kind = Self.list(of: Self.whole(in: range))
        return try optional(key, kind) ?? resolve(key, value, kind)
    }

    /// A list of finite numbers, each within a range.
    public func doubles<Limits: RangeExpression<Double>>(
        _ key: String, in range: Limits = Settings.anyDouble
    ) throws(FileError) -> [Double] {
        try required(key, Self.list(of: Self.number(in: range)))
    }

    /// A list of finite numbers, each within a range, or `value` where the key is absent.
    public func doubles<Limits: RangeExpression<Double>>(
        _ key: String, default value: [Double], in range: Limits = Settings.anyDouble
    ) throws(FileError) -> [Double] {
        let kind = Self.list(of: Self.number(in: range))
        return try optional(key, kind) ?? resolve(key, value, kind)
    }

    // How a value is read, checked and written.

    private struct Kind<Value> {
        let expected: String
        /// The range that values keep, for messages; nil where there is none.
        var limits: String?
        let read: (SettingsNode) -> Value?
        let write: (Value) -> String
        var accepts: (Value) -> Bool = { _ in true }
        /// The items of a list of which one is wrong; empty for what is no list.
        var items: (SettingsNode) -> [(node: SettingsNode, isAccepted: Bool)] = { _ in [] }
    }

    private static var text: Kind<String> {
        Kind(
            expected: "a text",
            read: { node in
                guard case .scalar(let text, plain: _) = node.value, !node.isNull else {
                    return nil
                }
                return text
            }, write: quotedIfNeeded)
    }

    private static var truth: Kind<Bool> {
        Kind(
            expected: "true or false",
            read: { node in
                guard case .scalar(let text, plain: true) = node.value else { return nil }
                return ["true": true, "false": false][text.lowercased()]
            }, write: { String($0) })
    }

    private static func whole(in range: some RangeExpression<Int>) -> Kind<Int> {
        Kind(
            expected: "a whole number", limits: describe(range),
            read: { node in
                guard case .scalar(let text, plain: true) = node.value else { return nil }
                if let value = Int(text) { return value }
                // `1e6` is a whole number too.
                return decimal(text).flatMap { Int(exactly: $0) }
            }, write: { String($0) }, accepts: range.contains)
    }

    private static func number(in range: some RangeExpression<Double>) -> Kind<Double> {
        Kind(
            expected: "a finite number", limits: describe(range),
            read: { node in
                guard case .scalar(let text, plain: true) = node.value else { return nil }
                return decimal(text)
            }, write: { "\($0)" }, accepts: range.contains)
    }

    private static func list<Item>(of item: Kind<Item>) -> Kind<[Item]> {
        Kind(
            expected: "a list, each " + item.expected, limits: item.limits,
            read: { node in
                guard case .list(let nodes) = node.value else { return nil }
                let items = nodes.compactMap(item.read)
                return items.count == nodes.count ? items : nil
            },
            write: { "[" + $0.map(item.write).joined(separator: ", ") + "]" },
            accepts: { $0.allSatisfy(item.accepts) },
            items: { node in
                guard case .list(let nodes) = node.value else { return [] }
                return nodes.map { ($0, item.read($0).map(item.accepts) ?? false) }
            })
    }

    private static func decimal(_ text: String) -> Double? {
        var text = text
        return text.withUTF8(parseDecimal)
    }

    /// A range in words, nil where it excludes nothing.
    private static func describe<Bound>(_ range: some RangeExpression<Bound>) -> String? {
        switch range {
        case let range as ClosedRange<Int>:
            if range == Int.min...Int.max { return nil }
            return "from \(range.lowerBound) to \(range.upperBound)"
        case let range as ClosedRange<Double>:
            if range == anyDouble { return nil }
            return lower(range.lowerBound) + " and at most \(range.upperBound)"
        case let range as Range<Int>:
            return "from \(range.lowerBound) to \(range.upperBound - 1)"
        case let range as Range<Double>:
            return lower(range.lowerBound) + " and below \(range.upperBound)"
        case let range as PartialRangeFrom<Int>: return "at least \(range.lowerBound)"
        case let range as PartialRangeFrom<Double>: return lower(range.lowerBound)
        case let range as PartialRangeThrough<Bound>: return "at most \(range.upperBound)"
        case let range as PartialRangeUpTo<Bound>: return "below \(range.upperBound)"
        default: return "\(range)"
        }
    }

    private static func lower(_ bound: Double) -> String {
        bound == .leastNonzeroMagnitude ? "more than 0" : "at least \(bound)"
    }

    private func required<Value>(
        _ key: String, _ kind: Kind<Value>
    ) throws(FileError) -> Value {
        if let value = try optional(key, kind) { return value }
        throw FileError(
            .badData, file: node.origin.file, line: path.isEmpty ? nil : node.origin.line,
            "no key '\(name(key))'", expected: kind.expected, advice: "Add it")
    }

    private func nullable<Value>(
        _ key: String, _ kind: Kind<Value>
    ) throws(FileError) -> Value? {
        if entry(key)?.isNull ?? true {
            note(key, entry(key) == nil ? .absent : .inline("null"))
            return nil
        }
        return try optional(key, kind)
    }

    private func optional<Value>(
        _ key: String, _ kind: Kind<Value>
    ) throws(FileError) -> Value? {
        note(key, .absent)
        guard let node = entry(key) else { return nil }
        let items = kind.items(node)
        let wrongItem = items.firstIndex { !$0.isAccepted }
        let found = wrongItem.map {
            "\(items[$0].node.summary) in place \($0 + 1) of \(items.count)"
        }
        guard let value = kind.read(node) else {
            throw wrong(key, node, "is not right", expected: kind.expected, found: found)
        }
        guard kind.accepts(value) else {
            throw FileError(
                .badData, file: node.origin.file, line: node.origin.line,
                "'\(name(key))' is out of range",
                expected: kind.limits.map { items.isEmpty ? $0 : "each " + $0 },
                found: found ?? kind.write(value))
        }
        note(key, .inline(kind.write(value)))
        return value
    }

    private func resolve<Value>(_ key: String, _ value: Value, _ kind: Kind<Value>) -> Value {
        note(key, .inline(kind.write(value)))
        return value
    }
}
