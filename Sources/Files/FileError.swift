import Foundation

/// Whatever goes wrong with a file: where, what was expected, what was found and what to do.
public struct FileError: Error, Sendable, Equatable {
    /// The three families of trouble, each with the exit code of `sysexits.h`.
    public enum Kind: Sendable {
        /// The file is there, but what it says cannot be used (exit code 65).
        case badData
        /// The file is not there or cannot be read as a file (exit code 66).
        case missing
        /// The machine could not read or write: full disk, no permission, broken device (74).
        case inputOutput

        /// The exit code of a process that ends with this error.
        public var exitCode: Int32 {
            switch self {
            case .badData: 65
            case .missing: 66
            case .inputOutput: 74
            }
        }
    }

    public var kind: Kind
    public var file: String
    public var line: Int?
    public var column: String?
    public var problem: String
    public var expected: String?
    public var found: String?
    public var advice: String?

    public init(
        _ kind: Kind, file: String, line: Int? = nil, column: String? = nil, _ problem: String,
        expected: String? = nil, found: String? = nil, advice: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
        self.expected = expected
        self.found = found
        self.advice = advice
    }
}

extension FileError: CustomStringConvertible {
    /// One line: `prices.csv:17, column 'label': not a number: expected a decimal number, found
    /// 'abc'. Advice.`
    public var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if let column { text += ", column '\(column)'" }
        text += ": " + problem
        if let expected { text += ": expected " + expected }
        if let found { text += (expected == nil ? ": found " : ", found ") + found }
        text += "."
        if let advice {
            text += " " + advice
            if advice.last != ".", advice.last != "?" { text += "." }
        }
        return Self.oneLine(text)
    }

    /// The text as it may stand inside a message: in quotes, on one line, cut where it is long.
    public static func quoted(_ text: String) -> String {
        let limit = 60
        let shown = text.count > limit ? text.prefix(limit) + "…" : text[...]
        return "'" + oneLine(String(shown)) + "'"
    }

    private static func oneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where scalar.properties.generalCategory == .control,
                "\u{2028}", "\u{2029}":
                line += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}

extension FileError {
    /// What an `errno` means for a file that was to be read.
    static func reading(_ file: String, code: Int32) -> FileError {
        switch code {
        case ENOENT:
            FileError(.missing, file: file, "no such file", advice: "Check the path")
        case ENOTDIR:
            FileError(
                .missing, file: file, "no such file: a part of the path is not a folder",
                advice: "Check the path")
        case EACCES, EPERM:
            FileError(
                .missing, file: file, "no permission to read the file",
                advice: "Change its permissions or run as its owner")
        case EISDIR:
            folderNotFile(file)
        default:
            FileError(.inputOutput, file: file, "cannot read: \(message(code))")
        }
    }

    /// What an `errno` means for a file that was to be written.
    static func writing(_ file: String, code: Int32) -> FileError {
        let advice: String? =
            switch code {
            case ENOSPC, EDQUOT: "Nothing was kept; free some space or write to another disk"
            case ENOENT, ENOTDIR: "Make the folder first"
            case EACCES, EPERM, EROFS: "Choose a folder that you may write to"
            case EISDIR: "Name a file, not a folder"
            default: nil
            }
        return FileError(
            .inputOutput, file: file, "cannot write: \(message(code))", advice: advice)
    }

    static func folderNotFile(_ file: String) -> FileError {
        FileError(
            .missing, file: file, "this is a folder", expected: "a file",
            advice: "Name a file inside it")
    }

    private static func message(_ code: Int32) -> String {
        String(cString: strerror(code)).lowercased()
    }
}
