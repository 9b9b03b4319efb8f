/// The newest 64 prints of each of many groups.
final class PrintRings: @unchecked Sendable {
    static let capacity = 64
    let prints: Memory<Print>
    /// Where the oldest print of a group stands, and how many there are.
    let starts: Memory<UInt8>
    let counts: Memory<UInt8>

    init(groups: Int) {
        prints = Memory(groups * Self.capacity)
        starts = Memory(groups)
        counts = Memory(groups)
    }

    /// Where the print of a group stands that is so many after the oldest.
    @inline(__always)
    func place(_ group: Int, _ index: Int) -> Int {
        group * Self.capacity + (Int(starts[group]) + index) & (Self.capacity - 1)
    }

    /// Where the print stands that is so many before the newest.
    @inline(__always)
    func place(_ group: Int, newest index: Int) -> Int {
        place(group, Int(counts[group]) - 1 - index)
    }

    /// Makes room for a print, over the oldest where the ring is full, and says where.
    @inline(__always)
    func open(_ group: Int) -> Int {
        if Int(counts[group]) == Self.capacity {
            starts[group] = (starts[group] + 1) & UInt8(Self.capacity - 1)
        } else {
            counts[group] += 1
        }
        return place(group, Int(counts[group]) - 1)
    }

    @inline(__always)
    func push(_ print: Print, to group: Int) { prints[open(group)] = print }

    /// Takes a print out; those after it move up.
    func remove(_ group: Int, _ index: Int) {
        for later in index..<Int(counts[group]) - 1 {
            prints[place(group, later)] = prints[place(group, later + 1)]
        }
        counts[group] -= 1
    }

    /// The index of a bond's print in a group, counted from the oldest.
    func find(_ group: Int, bond: Int32, sequence: UInt32) -> Int? {
        for index in 0..<Int(counts[group]) {
            let print = prints[place(group, index)]
            if print.bond == bond, print.sequence == sequence { return index }
        }
        return nil
    }
}
