import Bonds
import Datasets
import FairValue
import Features
import Files
import Foundation
import Tape
import Testing

/// One engine, whatever it is asked for and wherever it starts.
@Suite struct StreamingTests {
    private let market: SmallMarket

    init() throws { market = try SmallMarket.shared.get() }

    private func files(_ store: String) throws -> [String: [UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: store)
            .filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
        var files: [String: [UInt8]] = [:]
        for name in names { files[name] = try FileContents.bytes(of: store + "/" + name) }
        return files
    }

    @Test("Training rows, threads or not, are what a live engine gives at the same moment")
    func live() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: market.path, store: scratch.path + "/one")
        build.threads = 1
        _ = try build.run()
        build.store = scratch.path + "/two"
        build.threads = 2
        _ = try build.run()
        let (one, two) = (try files(scratch.path + "/one"), try files(scratch.path + "/two"))
        #expect(one == two)

        let store = try FeatureStore(path: build.store, checksums: true)
        let times = store.values(.time, rows: 0..<store.rowCount)
        let cusips = store.values(.cusip, rows: 0..<store.rowCount)
        let prices = store.values(.price, rows: 0..<store.rowCount)
        let labels = store.values(.label, rows: 0..<store.rowCount)
        let engine = try market.engine()
        var place = 0
        var row = [Float](repeating: 0, count: store.schema.state.count)
        for index in stride(from: 0, to: store.rowCount, by: 23) {
            place = try engine.apply(market.events, from: place, before: times[index])
            let bond = try #require(market.bonds.index(cusip: cusips[index]))
            let reference = try row.withUnsafeMutableBufferPointer { row in
                try engine.write(
                    bond: bond, at: times[index], into: try #require(row.baseAddress))
            }
            let live = bits(row)
            let label = reference?.label(price: prices[index])
            row.withUnsafeMutableBufferPointer {
                store.copy(rows: CollectionOfOne(index), state: $0.baseAddress, condition: nil)
            }
            #expect(bits(row) == live, "row \(index)")
            #expect(label == labels[index])
        }
        let sorted = times.sorted()
        #expect(times == sorted)
    }

    @Test("A question about the past, from a store's state, has the bytes of the training row")
    func query() throws {
        let scratch = try Scratch()
        let times = market.trades.map(\.trade.executionTime)
        var early = FeatureBuild(market: market.path, store: scratch.path + "/early")
        early.through = EasternTime.date(times[times.count / 2])
        _ = try early.run()
        let whole = FeatureBuild(market: market.path, store: scratch.path + "/whole")
        _ = try whole.run()
        let store = try FeatureStore(path: whole.store)
        let width = store.schema.state.count
        let rows = stride(from: store.rowCount * 2 / 3, to: store.rowCount, by: 97)
        var starts = 0
        for index in rows {
            let range = index..<index + 1
            let time = store.values(.time, rows: range)[0]
            let bond = try #require(
                market.bonds.index(cusip: store.values(.cusip, rows: range)[0]))
            var replay = try FeatureReplay(
                market: market.path, store: early.store, bonds: market.bonds, before: time)
            starts += replay.startedFrom == nil ? 0 : 1
            try replay.advance(before: time)
            let asked = bits(try replay.engine.vector(bond: bond, at: time))
            var stored = [Float](repeating: 0, count: width)
            var condition = [Float](repeating: 0, count: FeatureLayout.conditionWidth)
            stored.withUnsafeMutableBufferPointer { state in
                condition.withUnsafeMutableBufferPointer {
                    store.copy(
                        rows: range, state: state.baseAddress, condition: $0.baseAddress)
                }
            }
            #expect(asked == bits(stored), "row \(index)")
            var askedCondition = condition.map { _ in Float.nan }
            let side = try #require(
                Trade.Side(rawValue: store.values(.side, rows: range)[0]))
            try askedCondition.withUnsafeMutableBufferPointer {
                ConditionFeatures.write(
                    side: side, quantity: store.values(.quantity, rows: range)[0],
                    isATS: store.values(.ats, rows: range)[0] == 1,
                    into: try #require($0.baseAddress))
            }
            #expect(bits(askedCondition) == bits(condition), "row \(index)")
        }
        #expect(starts == Array(rows).count && starts > 10)
        // A state that is later than the question is no use.
        let first = try FeatureReplay(
            market: market.path, store: early.store, bonds: market.bonds, before: times[9])
        #expect(first.startedFrom == nil)
    }

    @Test("An engine that starts from a snapshot gives the bytes of one that never stopped")
    func coldStart() throws {
        let scratch = try Scratch()
        let first = try market.engine()
        let middle = market.events[market.events.count / 2].time
        let end = try #require(market.events.last).time
        let place = try first.apply(market.events, before: middle)
        _ = try first.vector(bond: 0, at: middle)
        let file = scratch.path + "/engine.state"
        try first.snapshot().write(to: file)
        let second = try FeatureEngine(
            snapshot: file, market: market.path, bonds: market.bonds, layout: market.layout)
        #expect(second.now == first.now)
        for (fraction, time) in [(0, middle + 1), (1, (middle + end) / 2), (2, end + 1)] {
            for engine in [first, second] {
                let rest = market.events[place...].filter { $0.time >= engine.now }
                try engine.apply(rest, before: time)
            }
            for bond in stride(from: fraction, to: market.bonds.rows.count, by: 3) {
                let one = bits(try first.vector(bond: bond, at: time))
                let two = bits(try second.vector(bond: bond, at: time))
                #expect(one == two, "bond \(bond)")
            }
        }
        #expect(first.tally == second.tally)
    }

    @Test("A tick at the very time of a snapshot is in it")
    func tickAtSnapshot() throws {
        let scratch = try Scratch()
        let first = try market.engine()
        let tick = try #require(
            market.events.dropFirst(market.events.count / 2).first {
                if case .market(let row) = $0 { row.symbol == "LQD" } else { false }
            })
        let place = try first.apply(market.events, before: tick.time + 1)
        #expect(first.now == tick.time)
        let file = scratch.path + "/engine.state"
        try first.snapshot().write(to: file)
        let second = try FeatureEngine(
            snapshot: file, market: market.path, bonds: market.bonds, layout: market.layout)
        for engine in [first, second] {
            // Prints that are compared with the market as of that tick, until there is another.
            try engine.apply(market.events, from: place, before: tick.time + 3_600_000_000_000)
        }
        for bond in 0..<market.bonds.rows.count {
            let one = bits(try first.vector(bond: bond, at: tick.time + 3_600_000_000_000))
            let two = bits(try second.vector(bond: bond, at: tick.time + 3_600_000_000_000))
            #expect(one == two, "bond \(bond)")
        }
    }

    @Test("Other parameters of the filter make other features, and the store's schema keeps them")
    func parameters() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: market.path, store: scratch.path + "/store")
        build.kalman.issuerVariance = 0.0009879852370524075
        let summary = try build.run()
        #expect(summary.schema != market.layout.schema.hash)
        let layout = try FeatureLayout(
            schema: FeatureSchema(store: build.store), file: build.store)
        #expect(layout.kalman == build.kalman)
        build.kalman = KalmanParameters()
        #expect(throws: FileError.self) { try build.run() }
    }

    @Test("Half of the bytes keep three digits")
    func half() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: market.path, store: scratch.path + "/full")
        build.minimumQuantity = 2_000_000
        _ = try build.run()
        let full = try FeatureStore(path: build.store)
        build.store = scratch.path + "/half"
        build.isHalf = true
        _ = try build.run()
        let half = try FeatureStore(path: build.store)
        #expect(half.isHalf && half.rowCount == full.rowCount && full.rowCount > 50)
        let least = full.values(.quantity, rows: 0..<full.rowCount).min()
        #expect(least ?? 0 >= 2_000_000)
        let width = full.schema.state.count
        var rows = [[Float]](repeating: [Float](repeating: 0, count: 20 * width), count: 2)
        for (index, store) in [full, half].enumerated() {
            rows[index].withUnsafeMutableBufferPointer {
                store.copy(rows: 10..<30, state: $0.baseAddress, condition: nil)
            }
        }
        var worst: Float = 0
        for (one, other) in zip(rows[0], rows[1]) {
            worst = max(worst, abs(one - other) / max(abs(one), 1e-4))
        }
        #expect(worst <= 1.0 / 2048)
    }

    @Test("At least 2,000 features, none constant, none twice, all finite, of stable scale")
    func columns() throws {
        let scratch = try Scratch()
        let market = try SmallMarket(bonds: 500, days: 21, seed: 2)
        let build = FeatureBuild(market: market.path, store: scratch.path + "/store")
        let made = try build.run()
        #expect(made.stateFeatures + made.conditionFeatures >= 2_000)
        let store = try FeatureStore(path: build.store)
        let summary = FeatureStoreSummary(store, most: .max)
        #expect(summary.constant == [])
        #expect(summary.identical == [])
        #expect(summary.notFinite == [])
        for family in summary.families {
            #expect(family.deviation < 5, "\(family.family)")
            #expect(family.minimum > -31 && family.maximum < 31, "\(family.family)")
        }
        let names = store.schema.features.map { $0.name }
        #expect(Set(names).count == names.count)
        // Small trades weigh as many as they stand for.
        let weights = store.values(.weight, rows: 0..<store.rowCount)
        let quantities = store.values(.quantity, rows: 0..<store.rowCount)
        let wrong = zip(weights, quantities).filter { $0 != ($1 < 150_000 ? 5 : 1) }
        #expect(wrong.isEmpty)
        try? FileManager.default.removeItem(atPath: market.path)
    }

    @Test("The steps of the sequence part lie where the schema says")
    func sequences() throws {
        let schema = market.layout.schema
        #expect(schema.channels == 16)
        let steps = schema.sequences.map { $0.steps }
        #expect(steps == [32, 32, 16, 24])
        for sequence in schema.sequences {
            for step in 0..<sequence.steps {
                let place = (sequence.start + step) * schema.channels
                let name = schema.state[place].name
                let number = sequence.name == "market" ? "" : "\(step / 10)\(step % 10)"
                let prefix = sequence.name + "." + number
                #expect(name.hasPrefix(prefix), "\(name)")
            }
        }
    }
}
