import Files
import QuantileModels
import QuantileTraining
import Testing

/// What a sweep file asks for.
@Suite struct SweepTests {
    private func sweep(_ yaml: String) throws -> Sweep {
        try Sweep(Settings(yaml: yaml, file: "sweep.yaml"))
    }

    @Test("A grid is every combination, for every seed, in an order that is told")
    func grid() throws {
        let runs = try sweep(
            """
            keys:
              training.learning_rate: [0.001, 0.003]
              model.hidden: [[64], [128, 128]]
            seeds: [0, 1]
            """
        ).runs
        #expect(runs.count == 8)
        #expect(runs.map(\.name) == ["01", "02", "03", "04", "05", "06", "07", "08"])
        #expect(runs[0].text == "training.learning_rate=0.001 model.hidden=[64] training.seed=0")
        #expect(
            runs[7].text == "training.learning_rate=0.003 model.hidden=[128, 128] training.seed=1")
        #expect(Set(runs.map(\.text)).count == 8)
        #expect(runs[0].settings.map(\.place.line) == [2, 3, 4])
        #expect(try sweep("seeds: [3]").runs.map(\.text) == ["training.seed=3"])
    }

    @Test("Overrides of a sweep are what a recipe reads")
    func overridesAreRead() throws {
        let runs = try sweep("keys: {model: [linear, {hidden: [3], dropout: 0.5}]}").runs
        let recipes = try runs.map { try Recipe("tabular-small", run: $0) }
        #expect(recipes[0].model.family == .linear)
        #expect(recipes[1].model.hidden == [3] && recipes[1].model.dropout == 0.5)
    }

    @Test("A random search draws within its ranges, the same each time and each its own")
    func random() throws {
        let yaml = """
            search: random
            runs: 200
            keys:
              training.weight_decay: {from: 1e-4, to: 1e-1, scale: log}
              model.dropout: {from: 0.1, to: 0.3}
              training.batch: {from: 10, to: 20, whole: true}
              model.activation: [relu, gelu]
            """
        let runs = try sweep(yaml).runs
        #expect(runs == (try sweep(yaml).runs))
        #expect(runs != (try sweep(yaml + "\nseed: 1").runs))
        func values(_ index: Int) throws -> [Double] {
            try runs.map { run in
                try #require(Double(run.settings[index].value))
            }
        }
        let (decay, dropout, batch) = try (values(0), values(1), values(2))
        #expect(decay.allSatisfy { $0 >= 1e-4 && $0 <= 1e-1 })
        // Half of the draws lie below the geometric middle, which linear ones hardly reach.
        let below = decay.count { $0 < 0.003_162 }
        #expect(below > 70 && below < 130)
        #expect(dropout.allSatisfy { $0 >= 0.1 && $0 <= 0.3 } && Set(dropout).count > 150)
        #expect(Set(batch) == Set((10...20).map(Double.init)))
        #expect(
            Set(runs.map { $0.settings[3].text })
                == ["model.activation=relu", "model.activation=gelu"])
        let few = try sweep("search: random\nruns: 50\nkeys: {model.activation: [relu, gelu]}").runs
        #expect(Set(few.map(\.text)).count == 2 && few.count == 2, "what is drawn twice is one run")
    }

    @Test("A value that a recipe refuses is told at its line of the sweep")
    func place() throws {
        let runs = try sweep("keys:\n  training.steps: [5, 0]\n  model: [linear, mlpp]\n").runs
        func message(_ run: Int) throws -> String {
            try #require(fileError { _ = try Recipe("tabular-small", run: runs[run]) }).description
        }
        #expect(try message(1).hasPrefix("sweep.yaml:3: 'model': no such model"))
        #expect(try message(2).hasPrefix("sweep.yaml:2: 'training.steps' is out of range"))
    }

    @Test(
        "What cannot be a sweep is refused, with the key",
        arguments: [
            ("{}", "nothing to vary"), ("keys: {a: 3}", "keys.a"), ("keys: {a: []}", "keys.a"),
            ("keys: {a: {from: 0, to: 1}}", "keys.a"),
            ("search: random\nkeys: {a: {from: 1, to: 0}}", "keys.a"),
            ("search: random\nkeys: {a: {from: 0, to: 1, scale: log}}", "keys.a"),
            ("search: random\nruns: 2\nkeys: {a: {from: 0, too: 1}}", "to"),
            ("search: random\nruns: 2\nkeys: {a: {from: 0, to: 1e300, whole: true}}", "keys.a"),
            ("search: random\nkeys: {a: [1, 2]}", "no key 'runs'"),
            ("keys: {a: [1, 2, 1]}", "'keys.a': a value stands there twice"),
            ("seeds: [1, 1]", "'seeds': one of them stands there twice"),
            ("keys: {training.seed: [1, 2]}\nseeds: [3]", "the seeds are named twice"),
            ("search: best", "search"), ("key: {a: [1]}", "keys"),
            ("keys: {a: [1, 2]}\nruns: 3", "search: random"),
            ("seeds: [-1]", "seeds"),
        ])
    func refused(_ yaml: String, _ word: String) throws {
        let error = try #require(fileError { _ = try sweep(yaml) })
        #expect(error.kind == .badData)
        #expect(error.description.contains(word), "\(error)")
    }
}
