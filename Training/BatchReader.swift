import Dispatch
import Files
import Synchronization

/// The batches of a training's steps.
///
/// Rows in memory are gathered when they are asked for. Rows of a store are read, decoded and
/// transformed ahead on a thread of its own, so that a step does not wait for them.
public final class BatchReader: Sendable {
    private struct State {
        var order: BatchOrder
        var ahead: [Int: Pending<TrainingData.Batch>] = [:]
    }

    private let data: TrainingData
    private let steps: Int
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "batches")
    /// Steps that are read ahead of the one that is asked for.
    private static let depth = 2

    init(_ data: TrainingData, for trainer: Trainer) {
        self.data = data
        steps = trainer.steps
        state = Mutex(State(order: trainer.order(of: data)))
    }

    /// The rows of a step.
    func batch(at step: Int) -> TrainingData.Batch {
        guard data.isStreamed else {
            return data.batch(state.withLock { $0.order.rows(at: step) })
        }
        let pending = state.withLock { state in
            for next in step..<max(step + 1, min(step + 1 + Self.depth, steps))
            where state.ahead[next] == nil {
                state.ahead[next] = start(
                    state.order.rows(at: next), upcoming: state.order.upcoming(at: next))
            }
            defer { state.ahead = state.ahead.filter { $0.key > step } }
            return state.ahead[step]
        }
        return pending?.wait() ?? data.batch(state.withLock { $0.order.rows(at: step) })
    }

    /// The epoch of a step and its batch in it, counted from 0.
    func place(of step: Int) -> (epoch: Int, batch: Int) {
        state.withLock { $0.order.place(of: step) }
    }

    private func start(
        _ rows: [Int], upcoming: [Range<Int>]
    ) -> Pending<TrainingData.Batch> {
        let pending = Pending<TrainingData.Batch>()
        queue.async { [data] in
            pending.fill(data.batch(rows))
            data.willRead(upcoming)
        }
        return pending
    }
}
