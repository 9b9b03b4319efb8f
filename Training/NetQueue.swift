import Synchronization

/// Nets that wait for a worker. One of several that a worker has is here as it was when it was taken,
/// so that the nets are a consistent state of the whole training at any time; one that is alone is
/// not here while a worker has it, so that its arrays are changed in place.
final class NetQueue: Sendable {
    private struct State {
        var nets: [NetTraining]
        let isAlone: Bool
        var isTaken: [Bool]
        var stepsDone: Int
        var isStopping = false
        var failure: (any Error)?
        var isSaving = false
        var lastSave: ContinuousClock.Instant?

        mutating func putBack(_ net: NetTraining, at index: Int) {
            if isAlone { nets = [net] } else { nets[index] = net }
            isTaken[index] = false
        }
    }

    private let state: Mutex<State>
    private static let saveInterval = Duration.seconds(10)

    init(_ nets: [NetTraining]) {
        state = Mutex(
            State(
                nets: nets, isAlone: nets.count == 1, isTaken: nets.map { _ in false },
                stepsDone: nets.reduce(0) { $0 + $1.trainer.step }))
    }

    var nets: [NetTraining] { state.withLock { $0.nets } }
    var isStopping: Bool { state.withLock { $0.isStopping } }
    var failure: (any Error)? { state.withLock { $0.failure } }

    /// The net that has done the fewest steps of those that are free and not done; nil where there
    /// is none, or the training stops.
    func take() -> (index: Int, net: NetTraining)? {
        state.withLock { state in
            guard !state.isStopping, state.failure == nil else { return nil }
            let free = state.nets.indices.filter {
                !state.isTaken[$0] && !state.nets[$0].trainer.isFinished
            }
            guard
                let next = free.min(by: {
                    state.nets[$0].trainer.step < state.nets[$1].trainer.step
                })
            else { return nil }
            state.isTaken[next] = true
            return (next, state.isAlone ? state.nets.removeLast() : state.nets[next])
        }
    }

    /// Puts a net back and reports what it did; returns all nets where they are to be saved.
    func putBack(
        _ net: NetTraining, at index: Int, report: () throws -> Void
    ) throws -> (nets: [NetTraining], isFirst: Bool)? {
        try state.withLock { state in
            state.putBack(net, at: index)
            try report()
            let now = ContinuousClock.now
            // The first check saves too: where there is a checkpoint there is a state.
            guard !state.isStopping, !state.isSaving, net.trainer.bestLoss.isFinite,
                state.lastSave.map({ now - $0 > Self.saveInterval }) ?? true
            else { return nil }
            state.isSaving = true
            return (state.nets, isFirst: state.lastSave == nil)
        }
    }

    /// Ends a save that ``putBack(_:at:report:)`` asked for.
    func endSave() {
        state.withLock { state in
            state.isSaving = false
            state.lastSave = .now
        }
    }

    func shouldStop(_ ask: () -> Bool) -> Bool {
        state.withLock { state in
            if !state.isStopping && ask() { state.isStopping = true }
            return state.isStopping || state.failure != nil
        }
    }

    /// Reports something while no other worker does.
    func notify(_ report: () -> Void) { state.withLock { _ in report() } }

    func countStep(_ report: (Int) -> Void) {
        state.withLock { state in
            state.stepsDone += 1
            report(state.stepsDone)
        }
    }

    /// Ends the training; a net that a worker has is put back as it is.
    func fail(_ error: any Error, _ net: NetTraining? = nil, at index: Int = 0) {
        state.withLock { state in
            if let net { state.putBack(net, at: index) }
            if state.failure == nil { state.failure = error }
        }
    }
}
