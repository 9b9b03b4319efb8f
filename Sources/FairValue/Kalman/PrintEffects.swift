/// What the last prints of a block still contribute to its means: a print that is taken back is taken
/// out of all of them.
///
/// A filter is linear in its prints, but for innovations that are cut, so the contribution of a print
/// changes with each later one as the means do.
struct PrintEffects: Sendable {
    /// 0 where there is none.
    private var identifiers: [Int] = []
    /// Shape: `[print, width]`.
    private var effects: [Double] = []
    private var next = 0

    /// Prints that are remembered of a block of a width.
    private static func capacity(width: Int) -> Int { 16 + 2 * width }

    mutating func widen(from width: Int, to wider: Int) {
        var larger = [Double](repeating: 0, count: identifiers.count * wider)
        for print in identifiers.indices {
            for slot in 0..<width { larger[print * wider + slot] = effects[print * width + slot] }
        }
        effects = larger
        let added = Self.capacity(width: wider) - identifiers.count
        // The oldest stands at `next`: new room goes before it.
        identifiers.insert(contentsOf: repeatElement(0, count: added), at: next)
        effects.insert(contentsOf: repeatElement(0, count: added * wider), at: next * wider)
    }

    /// - Parameter gains: by how much each mean follows what is left of an innovation.
    mutating func add(_ step: IssuerBlock.Step, gains: [Double], count: Int, width: Int) {
        let whole = step.innovation + step.shift
        let share = whole == 0 ? 0 : step.shift / whole
        effects.withUnsafeMutableBufferPointer { effects in
            gains.withUnsafeBufferPointer { gains in
                if !step.isCut {
                    for print in identifiers.indices where identifiers[print] != 0 {
                        let start = print * width
                        let here = effects[start + step.slot]
                        for slot in 0..<count {
                            effects[start + slot] -= (share + (1 - share) * gains[slot]) * here
                        }
                    }
                }
                for slot in 0..<count {
                    effects[next * width + slot] = step.shift + gains[slot] * step.innovation
                }
            }
        }
        identifiers[next] = step.identifier
        next = (next + 1) % identifiers.count
    }

    /// Takes a print out of the means.
    mutating func remove(_ identifier: Int, from means: inout [Double], width: Int) {
        guard identifier != 0, let print = identifiers.firstIndex(of: identifier) else { return }
        for slot in means.indices { means[slot] -= effects[print * width + slot] }
        identifiers[print] = 0
    }

    mutating func archive(_ archive: inout FilterArchive, width: Int) {
        let count = archive.passCount(identifiers.count)
        if archive.isReading {
            identifiers = Array(repeating: 0, count: count)
            effects = Array(repeating: 0, count: count * width)
        }
        for print in identifiers.indices {
            archive.pass(&identifiers[print])
            guard identifiers[print] != 0 else { continue }
            for slot in 0..<width { archive.pass(&effects[print * width + slot]) }
        }
        archive.pass(&next)
        next = min(max(next, 0), max(identifiers.count - 1, 0))
    }
}
