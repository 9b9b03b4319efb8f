import Files

/// The three parts of a table: to fit, to decide when to stop and to recalibrate, to judge.
public enum SplitPart: String, CaseIterable, Sendable {
    case train, validation, test

    /// The part of a row in a table that has no `split` column: 64 % train, 16 % validation, 20 %
    /// test, by a hash of the seed and the row, so that it depends on nothing else.
    ///
    /// The hash is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    public init(row: Int, seed: UInt64) {
        var bits = Self.mixed(seed) &+ UInt64(truncatingIfNeeded: row) &* 0x9E37_79B9_7F4A_7C15
        bits = Self.mixed(bits)
        switch Double(bits >> 11) * 0x1p-53 {
        case ..<0.64: self = .train
        case ..<0.80: self = .validation
        default: self = .test
        }
    }

    private static func mixed(_ bits: UInt64) -> UInt64 {
        var bits = bits &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

extension CSVChunk {
    /// The part that a cell of the `split` column names.
    func splitPart(row: Int, column: Int) throws(FileError) -> SplitPart {
        let part: SplitPart? = withBytes(row: row, column: column) { cell in
            SplitPart.allCases.first { $0.rawValue.utf8.elementsEqual(cell) }
        }
        if let part { return part }
        throw error(
            row: row, column: column, "not a part of a split",
            expected: "train, validation or test")
    }

    /// A feature: NaN where it is missing, finite otherwise.
    @inline(__always)
    func feature(row: Int, column: Int) throws(FileError) -> Float {
        if let number = number(row: row, column: column) {
            let value = Float(number)
            if value.isFinite { return value }
            throw tooLarge(row: row, column: column)
        }
        if isMissing(row: row, column: column) { return .nan }
        throw notAFeature(row: row, column: column)
    }

    /// Advice for a word in a feature column: it is most likely a category.
    private func notAFeature(row: Int, column: Int) -> FileError {
        var error = notANumber(row: row, column: column)
        if error.problem == "not a number" {
            error.expected = "a decimal number, or an empty cell"
            error.advice =
                "Drop a column of text, one-hot encode it, or (when scoring) carry it with --keep"
        }
        return error
    }

    func tooLarge(row: Int, column: Int) -> FileError {
        error(
            row: row, column: column, "too large for single precision",
            expected: "a magnitude below 3.4e38", advice: "Rescale the column")
    }
}
