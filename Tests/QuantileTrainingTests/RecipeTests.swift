import Files
import QuantileModels
import QuantileTraining
import Quantiles
import Testing

@Suite struct RecipeTests {
    private func recipe(_ yaml: String, _ overrides: [String] = []) throws -> Recipe {
        try Recipe(
            name: "test", settings: Settings(yaml: yaml, file: "test.yaml"), overrides: overrides)
    }

    @Test("Every recipe in the binary parses", arguments: Recipe.embedded.keys.sorted())
    func embedded(_ name: String) throws {
        #expect(try Recipe(name).name == name)
    }

    @Test("What is kept in the run directory reads back to the same recipe")
    func resolved() throws {
        let sources =
            Recipe.embedded.values.map { String(decoding: $0, as: UTF8.self) }
            + [
                "", "levels: [0.1, 0.5]\nmodel: {hidden: []}",
                "training: {clip: 0.5, schedule: one-cycle, seed: 9223372036854775807}",
            ]
        for source in sources {
            let first = try recipe(source, ["training.learning_rate=3.3e-5"])
            let second = try recipe(first.resolved)
            #expect(second.resolved == first.resolved)
            #expect(second.training == first.training)
            #expect(second.model == first.model)
            #expect(second.levels == first.levels)
            #expect(second.transform == first.transform)
            #expect(second.recalibration == first.recalibration)
        }
    }

    @Test("Overrides come before defaults and what is written")
    func overrides() throws {
        let recipe = try recipe(
            "training: {steps: 5}",
            ["training.steps=7", "model.hidden=[3, 4]", "levels=[0.5]", "training.clip=null"])
        #expect(recipe.training.budget == .steps(7))
        #expect(recipe.model.hidden == [3, 4])
        #expect(recipe.levels.values == [0.5])
        #expect(recipe.training.clip == nil)
        #expect(recipe.training.batch == nil)
    }

    @Test(
        "An unknown key is refused, with the line and the nearest known one",
        arguments: [
            ("model:\n  hiden: [3]", 2, "model.hiden", "hidden"),
            ("\ntraning:\n  steps: 3", 2, "traning", "training"),
            (
                "training:\n  steps: 3\n  learningrate: 1", 3, "training.learningrate",
                "learning_rate"
            ),
            ("recalibrate: shift", 1, "recalibrate", "recalibration"),
        ])
    func unknownKey(_ yaml: String, _ line: Int, _ key: String, _ nearest: String) throws {
        let error = try #require(fileError { _ = try recipe(yaml) })
        #expect(error.kind == .badData)
        #expect(error.file == "test.yaml" && error.line == line)
        #expect(error.description.contains("'\(key)'"), "\(error)")
        #expect(error.description.contains(nearest), "\(error)")
    }

    @Test(
        "A value out of range or of another kind is refused and named",
        arguments: [
            "training.steps=0", "training.steps=2.5", "training.epochs=0", "training.batch=-1",
            "training.batch=many",
            "training.learning_rate=-1", "training.learning_rate=.nan",
            "training.schedule=triangle", "training.warm_up=-1", "training.weight_decay=2",
            "training.clip=0", "training.averaging=1", "training.patience=0", "training.seed=-1",
            "validation.every=0", "validation.folds=0", "inputs.bins=0", "inputs.bins=1000",
            "target=price", "model.members=0", "model.embedding=0", "model.encoder={kind: gru}",
            "model.encoder={width: 6}", "model.family=transformer", "model.hidden=[0]",
            "model.hidden=[99999999999999999999]", "model.hidden=3", "model.dropout=1",
            "model.input_gates=1.5", "model.input_gates=-1", "model.input_gates=yes",
            "model.activation=step", "model.residual=perhaps", "levels=[0.5, 0.2]", "levels=[]",
            "levels=[1]", "kept_members=1", "kept_members=2", "inputs.transform=rank",
            "recalibration=yes", "training=3", "model={family: two-stage, head: []}",
            "model={family: two-stage, hidden: []}",
        ])
    func outOfRange(_ setting: String) throws {
        let error = try #require(fileError { _ = try recipe("", [setting]) })
        let key = try #require(setting.split(separator: "=").first)
        #expect(error.kind == .badData)
        #expect(error.description.contains(key), "\(error)")
        #expect(!error.description.contains("\n"))
    }

    @Test("A model may be the name of a spec, whose content then stands in the resolved recipe")
    func namedModel() throws {
        let recipe = try recipe("model: two-stage", ["model.dropout=0.3"])
        #expect(recipe.model.family == .twoStage && recipe.model.dropout == 0.3)
        #expect(recipe.resolved.contains("family: two-stage"))
        #expect(try self.recipe("", ["model=linear"]).model.family == .linear)
        let error = try #require(fileError { _ = try self.recipe("model: two-stages") })
        #expect(error.description.contains("Did you mean 'two-stage'?"), "\(error)")
        let file = fileError { _ = try self.recipe("", ["model=specs/mine.yaml"]) }
        #expect(file?.advice?.contains("below 'model:'") == true)
        let members = fileError { _ = try self.recipe("model: two-stage", ["model.members=4"]) }
        #expect(members?.problem == "'model.members': a network in two stages has none")
        // What a family does not have is unknown to it.
        let wrong = try #require(
            fileError { _ = try self.recipe("model: linear", ["model.hidden=[3]"]) })
        #expect(wrong.description.contains("model.hidden"), "\(wrong)")
    }

    @Test("Steps or epochs: one of the two, and the one that is set last holds")
    func budget() throws {
        #expect(try recipe("training: {epochs: 2.5}").training.budget == .epochs(2.5))
        #expect(try recipe("").training.budget == .steps(2_000))
        let both = try #require(fileError { _ = try recipe("training: {steps: 5, epochs: 1}") })
        #expect(both.expected == "steps or epochs")
        let epochs = try recipe("training: {steps: 5}", ["training.epochs=3"])
        #expect(epochs.training.budget == .epochs(3))
        #expect(!epochs.resolved.contains("steps"), "\(epochs.resolved)")
        #expect(try recipe(epochs.resolved).training == epochs.training)
        let steps = try recipe("training: {epochs: 3}", ["training.epochs=4", "training.steps=9"])
        #expect(steps.training.budget == .steps(9))
        #expect(!steps.resolved.contains("epochs"))
    }

    @Test("A setting without a value, and one of an unknown key, say so")
    func malformedOverrides() throws {
        #expect(fileError { _ = try recipe("", ["training.steps"]) }?.problem == "not a setting")
        #expect(fileError { _ = try recipe("", [".=1"]) }?.kind == .badData)
        let unknown = try #require(fileError { _ = try recipe("", ["training.stepz=1"]) })
        #expect(unknown.description.contains("steps"), "\(unknown)")
    }

    @Test("A recipe that is not there is missing input and names those in the binary")
    func missing() throws {
        let unknown = try #require(fileError { _ = try Recipe("tabula") })
        #expect(unknown.kind == .missing && unknown.description.contains("tabular"))
        #expect(fileError { _ = try Recipe("/no/such/recipe.yaml") }?.kind == .missing)
    }
}
