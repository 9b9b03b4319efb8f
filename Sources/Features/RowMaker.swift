import Datasets
import Dispatch
import Files
import Foundation
import Tape

/// Makes the rows of a day: captures one after the other, and has them finished a batch at a time.
final class RowMaker {
    static let batch = 512

    private let engine: FeatureEngine
    private let workers: RowWorkers
    private var block: FeatureBlock
    /// Rows of the block that are captured.
    private var contexts: [RowContext] = []
    private var requests: [RowRequest] = []
    private var captured = CapturedRows()

    init(engine: FeatureEngine, workers: RowWorkers) {
        self.engine = engine
        self.workers = workers
        block = Self.emptyBlock(engine.layout)
    }

    private static func emptyBlock(_ layout: FeatureLayout) -> FeatureBlock {
        FeatureBlock(
            capacity: batch, stateWidth: layout.stateWidth,
            conditionWidth: FeatureLayout.conditionWidth)
    }

    /// Rows so far.
    private(set) var count = 0

    /// Runs a body that adds rows, and gives them.
    func make(_ body: (RowMaker) throws -> Void) throws -> CapturedRows {
        engine.beforeRewrite = { [unowned self, workers] in
            pass()
            engine.fairPrices.settle()
            workers.wait()
        }
        defer {
            engine.beforeRewrite = nil
            // Where the body throws, nobody may write into the rows later.
            engine.fairPrices.settle()
        }
        try body(self)
        pass()
        return captured
    }

    /// Captures a row as of the trade's execution; the events before it have been applied.
    /// - Returns: false where the bond cannot be priced then.
    func add(_ request: RowRequest) throws(FeatureError) -> Bool {
        let trade = request.trade
        try engine.advance(to: trade.executionTime)
        let row = contexts.count
        guard let context = engine.capture(bond: request.bond, into: block.state(row: row))
        else { return false }
        ConditionFeatures.write(
            side: trade.side, quantity: trade.quantity, isATS: trade.isATS,
            into: block.condition(row: row))
        contexts.append(context)
        requests.append(request)
        count += 1
        if contexts.count == Self.batch { pass() }
        return true
    }

    /// Passes the captured rows on: they are finished when their fair values are there.
    private func pass() {
        guard !contexts.isEmpty else { return }
        let finished = Pending<FinishedRows>()
        captured.batches.append(CapturedRows.Batch(requests: requests, finished: finished))
        engine.fairPrices.follow { [workers, block, contexts] in
            workers.finish(block, contexts, into: finished)
        }
        block = Self.emptyBlock(engine.layout)
        contexts.removeAll(keepingCapacity: true)
        requests.removeAll(keepingCapacity: true)
    }
}

/// Rows of a day whose features may still be on their way.
struct CapturedRows: Sendable {
    struct Batch: Sendable {
        let requests: [RowRequest]
        let finished: Pending<FinishedRows>
    }

    fileprivate(set) var batches: [Batch] = []

    /// Waits for the features, and gives all columns.
    func rows() -> FeatureRows {
        var rows = FeatureRows()
        for batch in batches {
            let finished = batch.finished.wait()
            rows.append(finished.features, rows: batch.requests.count)
            for (request, reference) in zip(batch.requests, finished.references) {
                let trade = request.trade
                rows.label.append(reference.label(price: trade.price))
                rows.reference.append(reference.price)
                rows.scale.append(reference.scale)
                rows.weight.append(request.weight)
                rows.time.append(trade.executionTime)
                rows.reportTime.append(trade.reportTime)
                rows.quantity.append(trade.quantity)
                rows.price.append(trade.price)
                rows.side.append(trade.side.rawValue)
                rows.isATS.append(trade.isATS ? 1 : 0)
                rows.cusip.append(trade.cusip)
                rows.figi.append(trade.figi)
                rows.tradeID.append(trade.tradeID)
            }
        }
        return rows
    }
}

/// Finishes captured rows on several threads, or on the one that asks for it where those have enough
/// to do.
final class RowWorkers: Sendable {
    private let finisher: RowFinisher
    private let isHalf: Bool
    private let queue = DispatchQueue(label: "tenor.features.finish", attributes: .concurrent)
    private let group = DispatchGroup()
    /// Other threads that have nothing to do.
    private let room: DispatchSemaphore

    /// - Parameter threads: all that work, the one that asks among them.
    init(_ finisher: RowFinisher, isHalf: Bool, threads: Int) {
        self.finisher = finisher
        self.isHalf = isHalf
        room = DispatchSemaphore(value: threads - 1)
    }

    /// Turns captured rows into features.
    func finish(
        _ block: FeatureBlock, _ contexts: [RowContext], into finished: Pending<FinishedRows>
    ) {
        guard room.wait(timeout: .now()) == .success else {
            return finished.fill(work(block, contexts))
        }
        queue.async(group: group) { [self] in
            finished.fill(work(block, contexts))
            room.signal()
        }
    }

    /// Waits until nothing is left to do.
    func wait() { group.wait() }

    private func work(_ block: FeatureBlock, _ contexts: [RowContext]) -> FinishedRows {
        let references = contexts.enumerated().map { row, context in
            finisher.finish(context, block.state(row: row))
        }
        return FinishedRows(
            features: isHalf ? block.halves(rows: contexts.count) : block, references: references)
    }
}

/// The features of captured rows, and what their labels are counted from.
struct FinishedRows: Sendable {
    let features: FeatureBlock
    let references: [FeatureReference]
}
