import Dispatch
import Files

/// Some quotes as text.
struct TextBlock: Sendable {
    let bytes: [UInt8]
    let emptyTiles: Int
}

/// Blocks of text on their way into a file: several threads make them while the caller goes on, and
/// they are written in the order in which they were added.
struct TextBlocks {
    private var sink: FileSink
    private let queue = DispatchQueue(label: "tenor.quotes", attributes: .concurrent)
    /// Threads that have nothing to do.
    private let room: DispatchSemaphore
    /// How many blocks may wait to be written, those that are being made among them.
    private let most: Int
    private var waiting: [Pending<TextBlock>] = []
    private var emptyTiles = 0

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

    /// Writes what is left.
    /// - Returns: the empty tiles of all blocks.
    mutating func finish() throws -> Int {
        while !waiting.isEmpty { try writeFirst() }
        return emptyTiles
    }

    /// Waits until no thread makes a block: a thread must not outlive what it works for.
    func wait() {
        for block in waiting { _ = block.wait() }
    }

    private mutating func writeFirst() throws {
        let block = waiting.removeFirst().wait()
        try block.bytes.withUnsafeBytes { try sink.append($0) }
        emptyTiles += block.emptyTiles
    }
}
