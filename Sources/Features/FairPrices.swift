import Dispatch
import FairValue

/// The fair value of every bond by the filter of the whole market: what labels are measured from.
///
/// Of all that the engine knows only the rows need it. So the filter follows on a thread of its own:
/// it is told prints and withdrawals and asked for estimates, and does one after the other in that
/// order.
///
/// It belongs to the thread of its engine.
final class FairPrices: @unchecked Sendable {
    private enum Step {
        case print(FairPrint)
        case withdrawal(bond: Int, key: UInt64)
        /// The answer is stored at the place.
        case question(FairPlace, time: Int64, answer: UnsafeMutableRawPointer)
    }

    /// What the filter has not been told yet.
    private var steps: [Step] = []
    /// Of the queue.
    private var filter: FairFilter
    private let queue = DispatchQueue(label: "tenor.features.fair")
    /// Batches of steps that may wait for the queue.
    private let room = DispatchSemaphore(value: 4)

    private static let batch = 2048

    init(_ filter: FairFilter) { self.filter = filter }

    func observe(_ print: FairPrint) { add(.print(print)) }

    func withdraw(bond: Int, key: UInt64) { add(.withdrawal(bond: bond, key: key)) }

    /// Asks for what is known of a bond at a time, in UTC epoch nanoseconds.
    /// - Parameter answer: where a ``FairEstimate`` is stored, of any alignment.
    func ask(_ place: FairPlace, at time: Int64, answer: UnsafeMutableRawPointer) {
        add(.question(place, time: time, answer: answer))
    }

    private func add(_ step: Step) {
        steps.append(step)
        if steps.count == Self.batch { follow {} }
    }

    /// Lets the filter go on, and then run a body: all that was asked before is answered then.
    func follow(_ body: @escaping @Sendable () -> Void) {
        // Where it is far behind, this thread waits for it.
        guard room.wait(timeout: .now()) == .success else {
            settle()
            body()
            return
        }
        nonisolated(unsafe) let steps = steps
        self.steps = []
        self.steps.reserveCapacity(Self.batch)
        queue.async { [self] in
            run(steps)
            body()
            room.signal()
        }
    }

    /// Waits until the filter has done all.
    func settle() {
        queue.sync { run(steps) }
        steps.removeAll(keepingCapacity: true)
    }

    private func run(_ steps: [Step]) {
        for step in steps {
            switch step {
            case .print(let print): filter.observe(print)
            case .withdrawal(let bond, let key): filter.withdraw(bond: bond, key: key)
            case .question(let place, let time, let answer):
                answer.storeBytes(
                    of: filter.estimate(place, at: time), as: FairEstimate.self)
            }
        }
    }

    /// Writes the state into an archive, or takes it from one.
    /// - Returns: false where the archive belongs to other bonds.
    func archive(_ archive: inout FilterArchive) -> Bool {
        settle()
        return queue.sync { filter.archive(&archive) }
    }
}
