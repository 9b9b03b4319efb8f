import Dispatch
import Files

/// The quotes of some lines as text.
struct TextBlock: Sendable {
    let bytes: [UInt8]
    let emptyTiles: Int
    let unpriced: [UnpricedLine]
}

/// Blocks of text on their way into a file: several threads make them while the caller goes on, and
/// they are written in the order in which they were added.
struct TextBlocks {
    /// What the file does not hold.
    struct Outcome {
        var unpriced: [UnpricedLine] = []
        var emptyTiles = 0
    }

    private var outcome = Outcome()
    private var sink: FileSink
    private let queue = DispatchQueue(label: "tenor.quotes", attributes: .concurrent)
    /// Threads that have nothing to do.
    private let room: DispatchSemaphore
    /// How many blocks may wait to be written, those that are being made among them.
    private let most: Int
    private var waiting: [Pending<TextBlock>] = []

    init(sink: FileSink, workerCount: Int) {
        self.sink = sink
        room = DispatchSemaphore(value: workerCount)
        most = workerCount + 1
    }

    /// Has a block made as soon as a thread has room for it, and waits until one has.
    mutating func add(_ make: @escaping @Sendable () -> TextBlock) throws {
        while waiting.count >= most { try writeFirst() }
        room.wait()
        let block = Pending<TextBlock>()
        waiting.append(block)
        queue.async { [room] in
            let made = make()
            room.signal()
            block.fill(made)
        }
    }

    /// Takes note of a line that is in no block.
    mutating func leaveOut(_ line: UnpricedLine) { outcome.unpriced.append(line) }

    /// Writes what is left.
    mutating func finish() throws -> Outcome {
        while !waiting.isEmpty { try writeFirst() }
        return outcome
    }

    /// Waits until no thread makes a block: a thread must not outlive what it works for.
    func wait() {
        for block in waiting { _ = block.wait() }
    }

    private mutating func writeFirst() throws {
        let block = waiting.removeFirst().wait()
        try block.bytes.withUnsafeBytes { try sink.append($0) }
        outcome.unpriced += block.unpriced
        outcome.emptyTiles += block.emptyTiles
    }
}
