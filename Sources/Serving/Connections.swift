import NIOCore
import Synchronization

/// The open connections of a server, so that it can end them when it stops.
package final class Connections: Sendable {
    private struct Entry {
        let channel: any Channel
        /// Whether nothing is under way.
        var isIdle = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Keeps a connection until it is closed.
    package func add(_ channel: any Channel) {
        let identifier = ObjectIdentifier(channel)
        state.withLock { $0.entries[identifier] = Entry(channel: channel) }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.entries[identifier] = nil }
        }
    }

    /// Whether a connection may wait for its next request: not when the server stops.
    package func becomesIdle(_ channel: any Channel) -> Bool {
        state.withLock { state in
            state.entries[ObjectIdentifier(channel)]?.isIdle = true
            return !state.isDraining
        }
    }

    package func becomesBusy(_ channel: any Channel) {
        state.withLock { $0.entries[ObjectIdentifier(channel)]?.isIdle = false }
    }

    /// Ends the connections that wait for a request; the others end after their answer.
    package func drain() {
        let idle = state.withLock { state in
            state.isDraining = true
            return state.entries.values.filter(\.isIdle)
        }
        for entry in idle { entry.channel.close(promise: nil) }
    }

    /// Ends every connection.
    package func closeAll() {
        let all = state.withLock { Array($0.entries.values) }
        for entry in all { entry.channel.close(promise: nil) }
    }
}
