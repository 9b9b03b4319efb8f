import Foundation

/// What the source files of a room may say.
enum SourceRules {
    /// Modules of the toolchain and the system, open to every room.
    static let systemModules: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc",
        "Musl", "Darwin",
    ]

    /// Each stops a process, or looks for a path on the machine that built it.
    static let forbidden = ["Bundle.module", "try!", "fatalError(", "as!"]

    /// Whatever breaks the rules in one file of a room that declares some dependencies, a line each.
    ///
    /// A file that imports what its room does not declare compiles all the same, as long as some
    /// other room brings it in: the manifest alone would not show it.
    static func violations(source: String, file: String, dependencies: Set<String>) -> [String] {
        source.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .flatMap { index, line -> [String] in
                let code = withoutComment(line)
                var problems = forbidden.filter { contains($0, in: code) }
                if let module = importedModule(code), !systemModules.contains(module),
                    !dependencies.contains(module)
                {
                    problems.append("import \(module), which its room does not declare")
                }
                return problems.map { "\(file):\(index + 1): \($0)" }
            }
    }

    /// `Files` for `import Files`, `@preconcurrency import Files` and `import struct Files.Row`.
    static func importedModule(_ line: Substring) -> String? {
        var words = line.split(separator: " ")[...]
        while let word = words.first, word != "import" {
            let modifiers = ["public", "package", "internal", "fileprivate", "private"]
            guard word.hasPrefix("@") || modifiers.contains(String(word)) else { return nil }
            words = words.dropFirst()
        }
        guard let last = words.dropFirst().last else { return nil }
        return last.split(separator: ".").first.map(String.init)
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
    }

    private static func contains(_ word: String, in code: Substring) -> Bool {
        code.ranges(of: word).contains { range in
            // `as!` is a word of its own, not the end of `hasAlias!`.
            guard let before = code[..<range.lowerBound].last else { return true }
            return !before.isLetter && !before.isNumber && before != "_"
        }
    }

    /// The Swift files below a folder.
    static func files(in folder: URL) -> [URL] {
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (all?.allObjects ?? []).compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" }
    }
}
