import Arrays
import Autodiff
import Files
import Foundation
import Layers
import QuantileModels
import QuantileTraining
import Quantiles
import Random
import Testing

@Suite struct TrainerTests {
    private func settings(
        _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> TrainingSettings {
        let yaml = """
            training: {steps: 400, batch: 100, learning_rate: 0.02, warm_up: 10, clip: 1,
              averaging: 0.9, patience: 100, seed: 1}
            validation: {every: 50}
            """
        var settings = try Recipe(name: "test", settings: Settings(yaml: yaml, file: "test.yaml"))
            .training
        change(&settings)
        return settings
    }

    private func network(_ levels: QuantileLevels, inputs: Int = 1) -> QuantileNetwork<Float> {
        QuantileNetwork(
            NetworkSpec(hidden: [16]), layout: InputLayout(plain: inputs), levels: levels,
            quantiles: levels.values.map { normalQuantile($0) }, stream: RandomStream(seed: 3))
    }

    private func train(
        _ trainer: inout Trainer, _ training: TrainingData, _ validation: TrainingData
    ) throws {
        while !trainer.isFinished {
            _ = try trainer.runToNextCheck(
                training: training, validation: validation, shouldStop: { false })
        }
    }

    @Test("Gates let through the inputs that say something, and the forecasts are better for it")
    func inputGates() throws {
        let (inputs, rows, levels) = (80, 1_500, try QuantileLevels([0.1, 0.5, 0.9]))
        var random = RandomStream(seed: 4)
        func data() -> TrainingData {
            let x = (0..<rows * inputs).map { _ in Float(random.normal()) }
            let labels = (0..<rows).map { row in
                x[row * inputs + 7] - 2 * abs(x[row * inputs + 30]) + Float(random.normal())
            }
            return TrainingData(inputs: NDArray(x, shape: [rows, inputs]), labels: NDArray(labels))
        }
        let (training, validation) = (data(), data())
        func trained(_ gates: Double?) throws -> Trainer {
            var trainer = Trainer(
                QuantileNetwork(
                    NetworkSpec(hidden: [32, 16], activation: .gelu, inputGates: gates),
                    layout: InputLayout(plain: inputs), levels: levels, quantiles: [-3, -1, 1],
                    stream: RandomStream(seed: 3)),
                settings: try settings { $0.learningRate = 0.005 }, rows: rows)
            try train(&trainer, training, validation)
            return trainer
        }
        let (plain, gated) = (try trained(nil), try trained(0.3))
        #expect(gated.bestLoss < 0.97 * plain.bestLoss, "\(gated.bestLoss) \(plain.bestLoss)")
        let gates = try #require(gated.network.parameters.first { $0.name == "body.0.gates" })
            .parameter.tensor.array.elements.map(abs)
        let others = gates.indices.filter { ![7, 30].contains($0) }.map { gates[$0] }.sorted()
        #expect(min(gates[7], gates[30]) > 4 * others[others.count / 2], "\(gates)")
    }

    @Test("The rows of a step depend on seed and step alone, whatever was asked for before")
    func batchOrderIsPure() {
        let stream = RandomStream(seed: 9)
        var forwards = BatchOrder(rowCount: 103, batch: 10, stream: stream)
        let steps = (0..<45).map { forwards.rows(at: $0) }
        for step in (0..<45).reversed() {
            var fresh = BatchOrder(rowCount: 103, batch: 10, stream: stream)
            #expect(forwards.rows(at: step) == steps[step])
            #expect(fresh.rows(at: step) == steps[step])
        }
        var other = BatchOrder(rowCount: 103, batch: 10, stream: RandomStream(seed: 10))
        #expect(other.rows(at: 0) != steps[0])
    }

    @Test("An epoch takes no row twice, and every row where batches divide them")
    func batchOrderCoversRows() {
        for (rows, batch, perEpoch) in [(60, 12, 5), (67, 12, 5), (5, 100, 1), (1, 1, 1)] {
            var order = BatchOrder(rowCount: rows, batch: batch, stream: RandomStream(seed: 2))
            var seen: Set<[Int]> = []
            for epoch in 0..<3 {
                let all = (0..<perEpoch).flatMap { order.rows(at: epoch * perEpoch + $0) }
                #expect(Set(all).count == all.count && all.allSatisfy { $0 < rows })
                #expect(all.count == perEpoch * min(batch, rows))
                seen.insert(all)
            }
            if rows > 50 { #expect(seen.count == 3, "every epoch has an order of its own") }
        }
    }

    @Test("Blocks: the rows of a step depend on seed and step alone, whatever was asked for before")
    func blockOrderIsPure() {
        let blocks = BatchOrder.Blocks(rows: 8, perWindow: 5)
        func order(_ seed: UInt64) -> BatchOrder {
            BatchOrder(
                rowCount: 1_003, batch: 30, stream: RandomStream(seed: seed), blocks: blocks)
        }
        var forwards = order(9)
        let steps = (0..<70).map { forwards.rows(at: $0) }
        for step in (0..<70).reversed() {
            var fresh = order(9)
            #expect(forwards.rows(at: step) == steps[step])
            #expect(fresh.rows(at: step) == steps[step])
        }
        var other = order(10)
        #expect(other.rows(at: 0) != steps[0])
    }

    @Test(
        "Blocks: an epoch takes no row twice and leaves out less than a batch",
        arguments: [(1_003, 30), (1_000, 8), (39, 10), (8, 8), (5, 100), (1, 1)])
    func blockOrderCoversRows(rows: Int, batch: Int) {
        var order = BatchOrder(
            rowCount: rows, batch: batch, stream: RandomStream(seed: 2),
            blocks: .init(rows: 8, perWindow: 5))
        let perEpoch = rows / min(batch, rows)
        var seen: Set<[Int]> = []
        for epoch in 0..<3 {
            let all = (0..<perEpoch).flatMap { order.rows(at: epoch * perEpoch + $0) }
            #expect(Set(all).count == all.count)
            #expect(all.allSatisfy { (0..<rows).contains($0) })
            #expect(all.count == perEpoch * min(batch, rows))
            seen.insert(all)
        }
        if rows > 30 { #expect(seen.count == 3, "every epoch has an order of its own") }
    }

    @Test("Blocks: what a window announces is what the next one reads, and rows come from all over")
    func announcedBlocks() {
        let (rows, batch) = (4_000, 25)
        var order = BatchOrder(
            rowCount: rows, batch: batch, stream: RandomStream(seed: 4),
            blocks: .init(rows: 16, perWindow: 25))
        // A window is 400 rows, 16 steps.
        for window in 0..<9 {
            let first = window * 16
            let announced = Set(order.upcoming(at: first).flatMap { $0 })
            #expect(announced.count == 400)
            #expect(order.upcoming(at: first + 1).isEmpty)
            let read = Set((first + 16..<first + 32).flatMap { order.rows(at: $0) })
            #expect(read == announced)
        }
        #expect(order.upcoming(at: 9 * 16).isEmpty, "nothing comes after an epoch's last window")
        let step = order.rows(at: 0)
        let neighbours = zip(step.sorted(), step.sorted().dropFirst()).count { $1 - $0 == 1 }
        #expect(neighbours < 8, "a step is no run of neighbours")
    }

    @Test("An epoch's budget is as many steps as show every row, rounded up")
    func epochs() {
        #expect(TrainingSettings.Budget.epochs(1).steps(rows: 1_000, batch: 100) == 10)
        #expect(TrainingSettings.Budget.epochs(1).steps(rows: 1_001, batch: 100) == 11)
        #expect(TrainingSettings.Budget.epochs(2.5).steps(rows: 1_000, batch: 100) == 25)
        #expect(TrainingSettings.Budget.epochs(3).steps(rows: 10, batch: 100) == 3)
        #expect(TrainingSettings.Budget.epochs(0.001).steps(rows: 10, batch: 10) == 1)
        #expect(TrainingSettings.Budget.steps(7).steps(rows: 10, batch: 10) == 7)
    }

    @Test("A check tells how much the last step changed the weights")
    func updateRatio() throws {
        let levels = try QuantileLevels([0.5])
        let settings = try settings {
            $0.checkEvery = 1; $0.warmUp = 0; $0.averaging = 0
        }
        var trainer = Trainer(network(levels), settings: settings, rows: 100)
        let before = trainer.network.parameters.flatMap(\.parameter.tensor.array.elements)
        let check = try trainer.runToNextCheck(
            training: knownTruth(100, seed: 1), validation: knownTruth(10, seed: 2),
            shouldStop: { false })
        let after = trainer.network.parameters.flatMap(\.parameter.tensor.array.elements)
        let change = zip(before, after).reduce(0.0) { $0 + pow(Double($1.1 - $1.0), 2) }
        let size = before.reduce(0.0) { $0 + pow(Double($1), 2) }
        let ratio = try #require(check?.updateRatio)
        #expect(abs(ratio - (change / size).squareRoot()) < 1e-5 * ratio)
        #expect(ratio > 0 && (check?.rowsPerSecond ?? 0) > 0)
    }

    @Test("A gradient that is no number names its layer, a loss the layer where it began")
    func culprits() throws {
        let levels = try QuantileLevels([0.5])
        // A weight that is infinite, and one so large that only the product overflows.
        for (weight, expected) in [(Float.infinity, "body.0.0.weight"), (3e38, "body.0")] {
            var broken = network(levels)
            var position = 0
            broken.forEachParameter(at: .root) { _, parameter in
                if position == 0 {
                    parameter.tensor = Tensor(
                        NDArray(repeating: weight, shape: parameter.shape))
                }
                position += 1
            }
            var trainer = try Trainer(broken, settings: settings(), rows: 100)
            let data = TrainingData(
                inputs: NDArray(repeating: 100, shape: [100, 1]),
                labels: NDArray(repeating: 1, shape: [100]))
            let error = #expect(throws: NonFiniteLoss.self) {
                try train(&trainer, data, data)
            }
            #expect(error?.layer == expected)
            #expect(error?.description.contains("at \(expected)") == true)
        }
    }

    @Test("The running average is keep times itself and the rest of the other")
    func averaging() {
        let levels = QuantileLevels.standard
        let (a, b) = (
            network(levels),
            network(levels, inputs: 1).withParameters(
                network(levels).parameters.map { NDArray(repeating: 2, shape: $0.parameter.shape) })
        )
        var average = a
        average.average(towards: b, keep: 0.75)
        for (found, old) in zip(average.parameters, a.parameters) {
            let expected = old.parameter.tensor.array.elements.map { 0.75 * $0 + 0.5 }
            for (x, y) in zip(found.parameter.tensor.array.elements, expected) {
                #expect(abs(x - y) < 1e-6)
            }
        }
        average.average(towards: b, keep: 0)
        #expect(
            average.parameters.allSatisfy {
                $0.parameter.tensor.array.elements.allSatisfy { $0 == 2 }
            })
    }

    /// Rows whose label is normal, with mean x and deviation 1 + x / 2 for x of 0 or 1.
    private func knownTruth(_ count: Int, seed: UInt64) -> TrainingData {
        var random = RandomStream(seed: seed)
        let x = (0..<count).map { Float($0 % 2) }
        let labels = x.map { Float(Double($0) + (1 + Double($0) / 2) * random.normal()) }
        return TrainingData(inputs: NDArray(x, shape: [count, 1]), labels: NDArray(labels))
    }

    @Test("On a small known problem the network comes near the true quantiles")
    func knownProblem() throws {
        let levels = try QuantileLevels([0.1, 0.5, 0.8])
        var trainer = try Trainer(network(levels), settings: settings(), rows: 4_000)
        try train(&trainer, knownTruth(4_000, seed: 4), knownTruth(2_000, seed: 5))
        let out = trainer.best(
            .init(NDArray([0, 1], shape: [2, 1])), mode: .inference
        ).array.elements
        for (index, x) in [0.0, 1.0].enumerated() {
            for (position, level) in levels.values.enumerated() {
                let truth = x + (1 + x / 2) * normalQuantile(level)
                #expect(abs(Double(out[index * 3 + position]) - truth) < 0.15, "\(x) at \(level)")
            }
        }
    }

    @Test("Rows of weight 0 change nothing; a weight counts like so many rows")
    func weights() throws {
        let levels = try QuantileLevels([0.5])
        var random = RandomStream(seed: 6)
        // A third each: label -1 with weight 1, label 3 with weight 4, label 50 with weight 0.
        let count = 600
        let labels = (0..<count).map { [-1, 3, 50][$0 % 3] + Float(0.1 * random.normal()) }
        let weights = (0..<count).map { [1, 4, 0][$0 % 3] as Float }
        let data = TrainingData(
            inputs: NDArray(repeating: 1, shape: [count, 1]), labels: NDArray(labels),
            weights: NDArray(weights))
        var trainer = try Trainer(
            network(levels),
            settings: settings {
                $0.learningRate = 0.05; $0.clip = nil
            }, rows: 600)
        try train(&trainer, data, data)
        let median = trainer.best(
            .init(NDArray([1], shape: [1, 1])), mode: .inference
        ).array.scalar
        #expect(abs(median - 3) < 0.3)
    }

    @Test("A batch whose rows all have weight 0 does not stop the training")
    func weightlessBatch() throws {
        let levels = try QuantileLevels([0.5])
        let weights: [Float] = [0, 0, 0, 0, 0, 0, 0, 1]
        let data = TrainingData(
            inputs: NDArray([1, 2, 3, 4, 5, 6, 7, 8], shape: [8, 1]),
            labels: NDArray(repeating: 1, shape: [8]), weights: NDArray(weights))
        var trainer = try Trainer(
            network(levels),
            settings: settings {
                $0.budget = .steps(16); $0.batch = 1; $0.checkEvery = 4
            }, rows: 8)
        try train(&trainer, data, data)
        #expect(trainer.step == 16 && trainer.bestLoss.isFinite)
    }

    @Test("A loss that is no number stops at its step, and the best network stays what it was")
    func nonFiniteLoss() throws {
        let levels = try QuantileLevels([0.2, 0.5])
        var inputs = [Float](repeating: 1, count: 40)
        inputs[17] = .infinity
        let training = TrainingData(
            inputs: NDArray(inputs, shape: [40, 1]), labels: NDArray(repeating: 1, shape: [40]))
        let settings = try settings {
            $0.batch = 4; $0.checkEvery = 1; $0.warmUp = 0
        }
        var order = BatchOrder(
            rowCount: 40, batch: 4, stream: RandomStream(seed: settings.seed).stream("shuffle"))
        let bad = try #require((0..<10).first { order.rows(at: $0).contains(17) })
        try #require(bad > 0, "another seed would test more")
        var trainer = Trainer(network(levels), settings: settings, rows: 40)
        let validation = knownTruth(20, seed: 8)
        var bestBefore = trainer.best
        let error = #expect(throws: NonFiniteLoss.self) {
            while true {
                bestBefore = trainer.best
                _ = try trainer.runToNextCheck(
                    training: training, validation: validation, shouldStop: { false })
            }
        }
        #expect(error?.step == bad + 1)
        #expect(error?.description.contains("step \(bad + 1), batch \(bad + 1) of epoch 1") == true)
        #expect(error?.layer == "inputs")
        #expect(trainer.step == bad)
        #expect(trainer.bestLoss.isFinite)
        for (a, b) in zip(trainer.best.parameters, bestBefore.parameters) {
            #expect(a.parameter.tensor.array.elements == b.parameter.tensor.array.elements)
        }
    }

    @Test("A validation loss that is no number stops the training too")
    func nonFiniteValidation() throws {
        let validation = TrainingData(
            inputs: NDArray([.infinity], shape: [1, 1]), labels: NDArray([0]))
        var trainer = try Trainer(
            network(.standard), settings: settings { $0.checkEvery = 3 }, rows: 200)
        let error = #expect(throws: NonFiniteLoss.self) {
            try train(&trainer, knownTruth(200, seed: 1), validation)
        }
        #expect(error?.step == 3 && error?.bestStep == 0)
        #expect(error?.batch == nil && error?.layer == "inputs")
        #expect(error?.description.contains("no checkpoint") == true)
    }

    @Test("Training stops after so many checks without a new best")
    func patience() throws {
        var trainer = try Trainer(
            network(.standard),
            settings: settings {
                $0.budget = .steps(100_000)
                $0.learningRate = 5
                $0.clip = nil
                $0.schedule = .constant
                $0.patience = 3
                $0.checkEvery = 2
            }, rows: 200)
        try train(&trainer, knownTruth(200, seed: 2), knownTruth(50, seed: 3))
        #expect(trainer.step < 100_000)
        #expect(trainer.step == trainer.bestStep + 3 * 2)
        #expect(trainer.checksSinceBest == 3)
    }
}
