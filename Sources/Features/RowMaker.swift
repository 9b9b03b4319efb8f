import Datasets
import Dispatch
import Foundation
import Tape

/// Makes the rows of a day: captures one after the other, finishes them a batch at a time on all
/// cores.
final class RowMaker {
    static let batch = 512
    private static let rowsATask = 32

    private let engine: FeatureEngine
    private let threads: Int
    private let width: Int
    private var rows: FeatureRows
    private var target: FeatureRows.Features?
    /// Where rows are captured that cannot be where they are stored, as 16-bit numbers.
    private let scratch: Memory<Float>
    private let conditions: Memory<Float>
    /// Rows that are captured and not finished.
    private var contexts: [RowContext] = []
    /// Rows that are done, without those that are captured.
    private var finished = 0
    private var references: [FeatureReference] = []
    private var requests: [RowRequest] = []

    init(engine: FeatureEngine, count: Int, build: FeatureBuild) {
        self.engine = engine
        threads = build.threads ?? ProcessInfo.processInfo.activeProcessorCount
        width = engine.layout.stateWidth
        rows = FeatureRows(
            count: count, stateWidth: width, conditionWidth: FeatureLayout.conditionWidth,
            isHalf: build.isHalf)
        scratch = Memory(build.isHalf ? Self.batch * width : 0)
        conditions = Memory(Self.batch * FeatureLayout.conditionWidth)
        contexts.reserveCapacity(Self.batch)
        references.reserveCapacity(count)
        requests.reserveCapacity(count)
    }

    /// Rows so far.
    var count: Int { requests.count }

    /// Runs a body that adds rows, and gives them.
    func make(_ body: (RowMaker) throws -> Void) throws -> FeatureRows {
        var rows = rows
        self.rows = FeatureRows(count: 0, stateWidth: 0, conditionWidth: 0, isHalf: false)
        engine.beforeRewrite = { [unowned self] in finish() }
        defer { engine.beforeRewrite = nil }
        try rows.withFeatures { features in
            target = features
            defer { target = nil }
            try body(self)
            finish()
        }
        rows.keepFirst(count)
        for (request, reference) in zip(requests, references) {
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
        return rows
    }

    /// Captures a row as of the trade's execution; the events before it have been applied.
    /// - Returns: false where the bond cannot be priced then.
    func add(_ request: RowRequest) throws(FeatureError) -> Bool {
        let trade = request.trade
        try engine.advance(to: trade.executionTime)
        let place = contexts.count
        guard let context = engine.capture(bond: request.bond, into: state(place))
        else { return false }
        ConditionFeatures.write(
            side: trade.side, quantity: trade.quantity, isATS: trade.isATS,
            into: conditions.base + place * FeatureLayout.conditionWidth)
        contexts.append(context)
        references.append(context.reference)
        requests.append(request)
        if contexts.count == Self.batch { finish() }
        return true
    }

    /// Where the state of a captured row is: in its place in the shard, or in the scratch memory.
    private func state(_ place: Int) -> UnsafeMutablePointer<Float> {
        target?.state(row: finished + place) ?? scratch.base + place * width
    }

    /// Turns the captured rows into features and stores them.
    private func finish() {
        guard let target, !contexts.isEmpty else { return }
        let (first, engine, conditions) = (finished, engine, conditions.base)
        let (state, width) = (state(0), width)
        let isInPlace = target.state(row: first) != nil
        contexts.withUnsafeBufferPointer { contexts in
            func rows(_ task: Int) {
                let start = task * Self.rowsATask
                for row in start..<min(start + Self.rowsATask, contexts.count) {
                    let condition = conditions + row * FeatureLayout.conditionWidth
                    engine.finish(contexts[row], state + row * width)
                    if isInPlace {
                        target.store(row: first + row, condition: condition)
                    } else {
                        target.store(
                            row: first + row, state: state + row * width, condition: condition)
                    }
                }
            }
            let tasks = (contexts.count + Self.rowsATask - 1) / Self.rowsATask
            if threads > 1, tasks > 1 {
                withoutActuallyEscaping(rows) { rows in
                    // No event is applied meanwhile: finishing only reads the engine.
                    nonisolated(unsafe) let rows = rows
                    DispatchQueue.concurrentPerform(iterations: tasks) { rows($0) }
                }
            } else {
                for task in 0..<tasks { rows(task) }
            }
        }
        finished += contexts.count
        contexts.removeAll(keepingCapacity: true)
    }
}
