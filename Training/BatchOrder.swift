import Random

/// Which rows a step trains on: a pure function of the seed, the epoch and the position in it.
///
/// Rows in memory: every epoch is a fresh permutation. Rows on a disk: every epoch deals them into
/// blocks of neighbours, from another row on each time, puts the blocks into a random order, and
/// shuffles the rows of as many blocks as make a window; so a step's rows come from all over the
/// data, while the disk is read in pieces worth reading. The incomplete last batch of an epoch is
/// left out.
package struct BatchOrder: Sendable {
    /// How rows on a disk are read.
    package struct Blocks: Sendable {
        /// Neighbouring rows; those of a store of 2,000 features are as long as a read-ahead.
        package var rows = 64
        /// Blocks whose rows are shuffled together.
        package var perWindow = 256

        package init(rows: Int = 64, perWindow: Int = 256) {
            self.rows = rows
            self.perWindow = perWindow
        }
    }

    private let rowCount: Int
    private let batch: Int
    private let stream: RandomStream
    private let blocks: Blocks
    private let isWhole: Bool
    /// What was asked for last, kept because the steps of an epoch follow each other.
    private var epoch: (index: Int, first: Int, blocks: [Int]) = (-1, 0, [])
    private var window: (epoch: Int, index: Int, rows: [Int]) = (-1, -1, [])

    /// - Parameter blocks: Nil for rows in memory.
    package init(rowCount: Int, batch: Int, stream: RandomStream, blocks: Blocks? = nil) {
        self.rowCount = rowCount
        self.batch = min(batch, rowCount)
        self.stream = stream
        self.blocks = blocks ?? Blocks()
        isWhole = blocks == nil
    }

    private var stepsPerEpoch: Int { rowCount / batch }
    private var rowsPerWindow: Int { isWhole ? rowCount : blocks.rows * blocks.perWindow }

    /// The epoch of a step, and its place in it.
    package func place(of step: Int) -> (epoch: Int, batch: Int) {
        let (epoch, batch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        return (epoch, batch)
    }

    package mutating func rows(at step: Int) -> [Int] {
        let (epoch, position) = place(of: step)
        var rows: [Int] = []
        rows.reserveCapacity(batch)
        var next = position * batch
        let end = next + batch
        while next < end {
            let index = next / rowsPerWindow
            load(window: index, of: epoch)
            let start = next - index * rowsPerWindow
            let part = window.rows[start..<min(window.rows.count, start + end - next)]
            rows += part
            next += part.count
        }
        return rows
    }

    /// The neighbours that the window after a step's own will read, where the step is the first
    /// that needs its own, so that they can be fetched in time.
    package mutating func upcoming(at step: Int) -> [Range<Int>] {
        guard !isWhole else { return [] }
        let (epoch, position) = place(of: step)
        let index = (position * batch + batch - 1) / rowsPerWindow
        guard position == 0 || (position * batch - 1) / rowsPerWindow < index,
            (index + 1) * rowsPerWindow < rowCount
        else { return [] }
        load(epoch)
        return ranges(window: index + 1)
    }

    private mutating func load(_ index: Int) {
        guard index != epoch.index else { return }
        var random = stream.stream(index).stream("blocks")
        let first = Int(random.next() % UInt64(rowCount))
        epoch = (index, first, random.permutation(rowCount / blocks.rows))
    }

    private mutating func load(window index: Int, of number: Int) {
        guard window.epoch != number || window.index != index else { return }
        guard !isWhole else {
            var random = stream.stream(number)
            window = (number, index, random.permutation(rowCount))
            return
        }
        load(number)
        var random = stream.stream(number).stream("window").stream(index)
        let rows = ranges(window: index).flatMap { $0 }
        window = (number, index, random.permutation(rows.count).map { rows[$0] })
    }

    /// The rows of a window's blocks. Rows are dealt in a circle from the epoch's first one on; what
    /// does not fill a block comes last.
    private func ranges(window index: Int) -> [Range<Int>] {
        let slots = index * blocks.perWindow..<(index + 1) * blocks.perWindow
        let whole = slots.clamped(to: 0..<epoch.blocks.count).map { slot in
            (start: epoch.blocks[slot] * blocks.rows, count: blocks.rows)
        }
        let left = rowCount % blocks.rows
        let last =
            left > 0 && slots.contains(epoch.blocks.count)
            ? [(start: rowCount - left, count: left)] : []
        return (whole + last).flatMap { block -> [Range<Int>] in
            let start = (epoch.first + block.start) % rowCount
            let end = start + block.count
            return end <= rowCount ? [start..<end] : [start..<rowCount, 0..<end - rowCount]
        }
    }
}
