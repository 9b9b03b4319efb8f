/// What the last prints of a block still contribute to its means: a print that is taken back is taken
/// out of all of them.
///
/// A filter is linear in its prints, but for innovations that are cut, so the contribution of a print
/// changes with each later one as the means do. Many prints come and few are taken back: what each
/// did is kept, and followed through those after it when it goes.
struct PrintEffects: Sendable {
    /// The last prints in a ring. Those of no mean have been none yet.
    private var prints: [Print] = []
    /// By how much each mean followed what was left of a print's innovation. Shape: `[print, width]`.
    private var gains: [Double] = []
    private var next = 0

    private struct Print: Sendable {
        /// 0 where it has none, or has been taken back.
        var identifier = 0
        /// The means that there were, and which of them the print was of.
        var count = 0
        var slot = 0
        var innovation = 0.0
        var shift = 0.0
        var isCut = false
    }

    /// Prints that are remembered of a block of a width.
    private static func capacity(width: Int) -> Int { 16 + 2 * width }

    mutating func widen(from width: Int, to wider: Int) {
        var larger = [Double](repeating: 0, count: prints.count * wider)
        for print in prints.indices {
            for slot in 0..<width { larger[print * wider + slot] = gains[print * width + slot] }
        }
        gains = larger
        let added = Self.capacity(width: wider) - prints.count
        // The oldest stands at `next`: new room goes before it.
        prints.insert(contentsOf: repeatElement(Print(), count: added), at: next)
        gains.insert(contentsOf: repeatElement(0, count: added * wider), at: next * wider)
    }

    /// - Parameter gains: by how much each mean follows what is left of an innovation.
    mutating func add(_ step: IssuerBlock.Step, gains: [Double], count: Int, width: Int) {
        prints[next] = Print(
            identifier: step.identifier, count: count, slot: step.slot,
            innovation: step.innovation, shift: step.shift, isCut: step.isCut)
        let start = next * width
        self.gains.withUnsafeMutableBufferPointer { kept in
            for slot in 0..<count { kept[start + slot] = gains[slot] }
        }
        next = (next + 1) % prints.count
    }

    /// Takes a print out of the means.
    mutating func remove(_ identifier: Int, from means: inout [Double], width: Int) {
        guard identifier != 0,
            let place = prints.firstIndex(where: { $0.identifier == identifier })
        else { return }
        let print = prints[place]
        var effects = [Double](repeating: 0, count: width)
        for slot in 0..<print.count {
            effects[slot] = print.shift + gains[place * width + slot] * print.innovation
        }
        var later = (place + 1) % prints.count
        while later != next {
            carry(&effects, over: later, width: width)
            later = (later + 1) % prints.count
        }
        for slot in means.indices { means[slot] -= effects[slot] }
        prints[place].identifier = 0
    }

    /// What is left of effects after a later print.
    private func carry(_ effects: inout [Double], over place: Int, width: Int) {
        let print = prints[place]
        // A cut innovation does not depend on the means.
        guard !print.isCut else { return }
        let whole = print.innovation + print.shift
        let share = whole == 0 ? 0 : print.shift / whole
        let here = effects[print.slot]
        for slot in 0..<print.count {
            effects[slot] -= (share + (1 - share) * gains[place * width + slot]) * here
        }
    }

    mutating func archive(_ archive: inout FilterArchive, width: Int) {
        let count = archive.passCount(prints.count)
        if archive.isReading {
            prints = Array(repeating: Print(), count: count)
            gains = Array(repeating: 0, count: count * width)
        }
        for place in prints.indices {
            prints[place].count = min(archive.passCount(prints[place].count), width)
            guard prints[place].count > 0 else { continue }
            archive.pass(&prints[place].identifier)
            archive.pass(&prints[place].slot)
            archive.pass(&prints[place].innovation)
            archive.pass(&prints[place].shift)
            archive.pass(&prints[place].isCut)
            prints[place].slot = min(max(prints[place].slot, 0), width - 1)
            for slot in 0..<prints[place].count { archive.pass(&gains[place * width + slot]) }
        }
        archive.pass(&next)
        next = min(max(next, 0), max(prints.count - 1, 0))
    }
}
