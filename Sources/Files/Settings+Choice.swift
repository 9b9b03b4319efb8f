extension Settings {
    /// One case of an enumeration by its raw value, or `value` where the key is absent.
    public func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, default value: Value
    ) throws(FileError) -> Value {
        let word = try choice(
            key, default: value.rawValue, of: Value.allCases.map { $0.rawValue })
        return Value(rawValue: word) ?? value
    }
}
