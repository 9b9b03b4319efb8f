/// Guesses which known name was meant by an unknown one.
public enum Spelling {
    /// The known name with the fewest edits, nil where none is near enough to be worth naming.
    public static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let limit = max(1, word.count / 3 + 1)
        var best: (name: String, distance: Int)?
        for name in known {
            let distance = distance(word.lowercased(), name.lowercased())
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the
    /// other (optimal string alignment).
    public static func distance(_ first: String, _ second: String) -> Int {
        // Names are short; a text that is not a name must not cost a quadratic table.
        let a = Array(first.unicodeScalars.prefix(100))
        let b = Array(second.unicodeScalars.prefix(100))
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }

    /// The first few names, quoted, for a message.
    public static func list(_ names: [String], limit: Int = 8) -> String {
        let shown = names.prefix(limit).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > limit ? shown + " and \(names.count - limit) more" : shown
    }
}
