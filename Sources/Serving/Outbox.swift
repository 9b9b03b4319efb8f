import Synchronization

/// What waits to be written to one WebSocket: bounded, so that a reader who does not read costs a
/// fixed amount of memory and then the connection.
public final class Outbox: Sendable {
    package enum Message: Sendable, Equatable {
        case text([UInt8])
        /// The connection ends with this code (RFC 6455, section 7.4).
        case close(code: UInt16, reason: String)
    }

    /// The server stops (RFC 6455, section 7.4.1).
    package static let goingAway: UInt16 = 1001
    /// The client broke a rule.
    package static let policy: UInt16 = 1008

    /// Bytes that may wait.
    package let capacity: Int
    package let messages: AsyncStream<Message>
    private let continuation: AsyncStream<Message>.Continuation
    private let state = Mutex(State())
    /// Ends the connection at once.
    private let abort: @Sendable () -> Void

    private struct State {
        var waiting = 0
        var isClosed = false
    }

    package init(capacity: Int = 64 << 20, abort: @escaping @Sendable () -> Void) {
        self.capacity = capacity
        self.abort = abort
        (messages, continuation) = AsyncStream.makeStream(of: Message.self)
    }

    /// Queues a text. Where too much waits already the connection is over.
    package func send(_ text: [UInt8]) {
        let fits = state.withLock { state -> Bool? in
            guard !state.isClosed else { return nil }
            // One message beyond the bound is taken where nothing else waits.
            guard state.waiting == 0 || state.waiting + text.count <= capacity else {
                state.isClosed = true
                return false
            }
            state.waiting += text.count
            return true
        }
        switch fits {
        case true?: continuation.yield(.text(text))
        case false?:
            continuation.finish()
            abort()
        case nil: break
        }
    }

    /// Ends the connection when what waits has been written.
    package func close(code: UInt16, reason: String) {
        let first = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard first else { return }
        continuation.yield(.close(code: code, reason: reason))
        continuation.finish()
    }

    /// A text has left.
    package func wrote(_ count: Int) {
        state.withLock { $0.waiting -= count }
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }
    package var waiting: Int { state.withLock { $0.waiting } }
}
