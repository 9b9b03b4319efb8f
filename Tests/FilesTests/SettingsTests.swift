import Files
import Testing

@Suite struct SettingsTests {
    private static let recipe = """
        # a recipe
        model:
          family: mlp
          widths: [256, 128]
        training:
          steps: 4000
          learning_rate: 1e-3
          clip: null
          shuffle: true
        levels: [0.05, 0.5, 0.95]
        name: "first try"
        """

    private func settings(_ yaml: String = recipe) throws -> Settings {
        try Settings(yaml: yaml, file: "r.yaml")
    }

    private func read(_ settings: Settings) throws -> String {
        let model = try settings.sectionOrEmpty("model")
        _ = try model.choice("family", default: "mlp", of: ["mlp", "lstm"])
        _ = try model.ints("widths", default: [64], in: 1...)
        _ = try model.double("dropout", default: 0.1, in: 0..<1)
        let training = try settings.sectionOrEmpty("training")
        _ = try training.int("steps", default: 100, in: 1...1_000_000)
        _ = try training.double("learning_rate", default: 0.01, in: .leastNonzeroMagnitude...)
        _ = try training.optionalDouble("clip", in: 0...)
        _ = try training.optionalInt("patience")
        _ = try training.bool("shuffle", default: false)
        _ = try settings.doubles("levels", in: 0...1)
        _ = try settings.string("name", default: "no: name")
        _ = try settings.strings("tags", default: ["yes", "a b", "é\n\u{1}\u{2028}\"\\"])
        try settings.finish()
        return settings.yaml()
    }

    private func message(_ yaml: String, _ body: (Settings) throws -> Void) -> String? {
        fileError { try body(try settings(yaml)) }?.description
    }

    @Test("Values are read with their types, defaults stand in, null is nothing")
    func values() throws {
        let settings = try settings()
        let model = try #require(try settings.section("model"))
        #expect(try model.string("family") == "mlp")
        #expect(try model.ints("widths") == [256, 128])
        #expect(try model.double("dropout", default: 0.25) == 0.25)
        let training = try #require(try settings.section("training"))
        #expect(try training.int("steps") == 4000)
        #expect(try training.double("learning_rate") == 0.001)
        #expect(try training.optionalDouble("clip") == nil)
        #expect(try training.bool("shuffle"))
        #expect(try settings.doubles("levels") == [0.05, 0.5, 0.95])
        #expect(try settings.string("name") == "first try")
        #expect(try settings.section("none") == nil)
        #expect(settings.keys == ["model", "training", "levels", "name"])
        #expect(settings.isSection("model") && !settings.isSection("name"))
        try settings.finish()
    }

    @Test("The resolved text reads back to the same settings, defaults included")
    func resolvedText() throws {
        let first = try read(settings())
        let second = try read(Settings(yaml: first, file: "resolved.yaml"))
        #expect(first == second)
        #expect(first.contains("dropout: 0.1"))
        #expect(first.contains("clip: null"))
        #expect(!first.contains("patience"))
        let fromNothing = try read(Settings(yaml: "levels: [0.5]", file: "r.yaml"))
        let resolved = try Settings(yaml: fromNothing, file: "r.yaml")
        #expect(try resolved.strings("tags") == ["yes", "a b", "é\n\u{1}\u{2028}\"\\"])
        #expect(try resolved.string("name") == "no: name")
    }

    @Test("An unknown key names its line and the nearest known key, at every depth")
    func unknownKeys() throws {
        func error(_ yaml: String) -> FileError? {
            fileError { _ = try read(try settings(yaml)) }
        }
        let deep = error("levels: [0.5]\ntraining:\n  steps: 5\n  pateince: 3\n")
        #expect(
            deep?.description
                == "r.yaml:4: unknown key 'training.pateince'. Did you mean 'training.patience'?")
        #expect(error("levels: [0.5]\nmodle: {}\n")?.advice == "Did you mean 'model'?")
        // The right word in the wrong place.
        #expect(error("levels: [0.5]\nsteps: 3\n")?.advice == "Did you mean 'training.steps'?")
        #expect(error("levels: [0.5]\nzebra: 3\n")?.advice?.hasPrefix("Known here: ") == true)
    }

    @Test("Wrong types name key, line, expected and found")
    func wrongTypes() {
        #expect(
            message("a: 1\nb: x\n") { _ = try $0.int("b") }
                == "r.yaml:2: 'b' is not right: expected a whole number, found 'x'.")
        #expect(message("b: 1.5") { _ = try $0.int("b") }?.contains("found '1.5'") == true)
        #expect(message("b: '5'") { _ = try $0.int("b") } != nil)
        #expect(message("b: .inf") { _ = try $0.double("b") } != nil)
        #expect(message("b: 1e999") { _ = try $0.double("b") } != nil)
        #expect(message("b: yes") { _ = try $0.bool("b") }?.contains("true or false") == true)
        #expect(message("b:") { _ = try $0.string("b") }?.contains("found nothing") == true)
        #expect(message("b: {c: 1}") { _ = try $0.string("b") }?.contains("a mapping") == true)
        #expect(message("b: 3") { _ = try $0.section("b") }?.contains("not a section") == true)
        #expect(message("b: [1, x]") { _ = try $0.doubles("b") }?.contains("a list") == true)
        #expect(message("b: 3") { _ = try $0.doubles("b") } != nil)
        #expect(message("b: [{c: 1}, 2]") { _ = try $0.sections("b") }?.contains("b[1]") == true)
        #expect(
            message("s: {t: 1}\n") { _ = try $0.section("s")?.int("steps") }
                == "r.yaml:1: no key 's.steps': expected a whole number. Add it.")
        #expect(
            message("k: mpl") { _ = try $0.choice("k", of: ["mlp", "lstm"]) }
                == "r.yaml:1: 'k' is not right: expected one of 'mlp', 'lstm', found 'mpl'.")
    }

    @Test("Values out of range name the range")
    func ranges() {
        #expect(
            message("\nt: {steps: 0}") { _ = try $0.section("t")?.int("steps", in: 1...) }
                == "r.yaml:2: 't.steps' is out of range: expected at least 1, found 0.")
        #expect(
            message("a: 0") { _ = try $0.double("a", in: .leastNonzeroMagnitude...) }?
                .contains("expected more than 0, found 0.0") == true)
        #expect(
            message("a: 1") { _ = try $0.double("a", in: 0..<1) }?
                .contains("at least 0.0 and below 1.0") == true)
        #expect(message("a: 9") { _ = try $0.int("a", in: 1...5) }?.contains("from 1 to 5") == true)
        #expect(message("a: 9") { _ = try $0.int("a", in: 1..<6) }?.contains("from 1 to 5") == true)
        #expect(message("a: 9") { _ = try $0.int("a", in: ...5) }?.contains("at most 5") == true)
        #expect(
            message("a: [1, 9]") { _ = try $0.ints("a", in: 0..<9) }?
                .hasSuffix("expected each from 0 to 8, found '9' in place 2 of 2.") == true)
        #expect(
            message("a: [1, x, 3]") { _ = try $0.ints("a") }?
                .hasSuffix("each a whole number, found 'x' in place 2 of 3.") == true)
    }

    @Test("--set replaces and adds values, makes sections, and is named in errors")
    func overrides() throws {
        let settings = try settings()
        try settings.set("training.steps", to: "7")
        try settings.set("training.schedule.kind", to: "cosine")
        try settings.set("levels", to: "[0.5]")
        try settings.set("model.dropout", to: "0.5")
        let training = try #require(try settings.section("training"))
        #expect(try training.int("steps") == 7)
        #expect(try training.section("schedule")?.string("kind") == "cosine")
        #expect(try settings.doubles("levels") == [0.5])
        #expect(
            message("model: {hidden: 3}") {
                try $0.set("model.hiden", to: "4")
                _ = try $0.section("model")?.int("hidden")
                try $0.finish()
            }
                == "--set model.hiden=4: unknown key 'model.hiden'. Did you mean 'model.hidden'?")
        #expect(
            message("a: 1") {
                try $0.set("a", to: "-1")
                _ = try $0.int("a", in: 0...)
            } == "--set a=-1: 'a' is out of range: expected at least 0, found -1.")
        #expect(message("a: 1") { try $0.set("a.b", to: "1") }?.contains("'a' has no keys") == true)
        #expect(message("a: 1") { try $0.set("a..b", to: "1") }?.contains("not a key") == true)
        #expect(message("a: 1") { try $0.set("a", to: "[1") }?.contains("not valid YAML") == true)
    }

    @Test("What is set from a line of another file is told there")
    func place() {
        let place = Settings.Place(file: "sweep.yaml", line: 7)
        #expect(
            message("a: 1") {
                try $0.set("a", to: "-1", at: place)
                _ = try $0.int("a", in: 0...)
            } == "sweep.yaml:7: 'a' is out of range: expected at least 0, found -1.")
        #expect(
            message("a: {b: 1}") {
                try $0.set("a", to: "{b: 1,\n c: 2}", at: place)
                throw try $0.sectionOrEmpty("a").objection(to: "c", "too much", found: "2")
            } == "sweep.yaml:7: 'a.c': too much: found 2.")
    }

    @Test("Lists of sections are read and written")
    func listsOfSections() throws {
        let settings = try settings("layers: [{width: 3}, {width: 4, kind: b}]\n")
        let layers = try settings.sections("layers")
        for layer in layers {
            _ = try layer.int("width")
            _ = try layer.string("kind", default: "a")
        }
        try settings.finish()
        let again = try Settings(yaml: settings.yaml(), file: "again").sections("layers")
        #expect(try again.map { try $0.int("width") } == [3, 4])
        #expect(try again.map { try $0.string("kind") } == ["a", "b"])
        let wrong = try self.settings("layers:\n  - {width: 3}\n  - {wdith: 3}\n")
        for layer in try wrong.sections("layers") { _ = try layer.int("width", default: 1) }
        let error = fileError { try wrong.finish() }
        #expect(error?.line == 3)
        #expect(error?.problem == "unknown key 'layers[1].wdith'")
    }

    @Test("Text that is not YAML, or not a mapping, is one line with the line number")
    func notYAML() {
        func error(_ yaml: String) -> FileError? { fileError { _ = try settings(yaml) } }
        #expect(error("a: 1\nb: [1, 2\nc: 3\n")?.line != nil)
        #expect(error("a: 1\na: 2\n")?.problem.contains("twice") == true)
        #expect(error("a: 1\n\tb: 2\n")?.kind == .badData)
        #expect(error("- 1\n- 2\n")?.expected == "a mapping of keys to values")
        #expect(error("just text")?.found == "'just text'")
        #expect(error("a: 1\n---\nb: 2\n") != nil)
        #expect(error("? [1, 2]\n: 3\n")?.problem == "a key that is not a text")
        #expect(error("a: *nowhere")?.kind == .badData)
        for text in ["a: [1\n", "a: \"x\n", "{", "a: b: c\n"] {
            #expect(error(text)?.description.contains { $0.isNewline } == false)
        }
    }

    @Test("Empty settings are an empty mapping", arguments: ["", "# nothing\n", "{}", "~"])
    func empty(yaml: String) throws {
        let settings = try settings(yaml)
        #expect(settings.keys.isEmpty)
        #expect(settings.yaml() == "{}\n")
        try settings.finish()
    }

    @Test("Hostile nesting and aliases end in an error, not in a crash or a flood")
    func hostile() {
        func error(_ yaml: String) -> FileError? { fileError { _ = try settings(yaml) } }
        #expect(error("a: " + String(repeating: "[", count: 900)) != nil)
        #expect(error(String(repeating: "{a: ", count: 100_000)) != nil)
        #expect(error(String(repeating: "- ", count: 100_000)) != nil)
        let balanced = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        #expect(error("a: " + balanced)?.problem == "too many or too deep values")
        var laughs = "l0: &l0 [x, x]\n"
        for level in 1...25 { laughs += "l\(level): &l\(level) [*l\(level - 1), *l\(level - 1)]\n" }
        #expect(error(laughs)?.problem == "too many or too deep values")
        #expect(error("a: " + String(repeating: "x", count: 1 << 21)) != nil)
    }

    @Test("A settings file that is missing or not UTF-8 says so")
    func files() throws {
        #expect(fileError { _ = try Settings(path: "/nowhere/r.yaml") }?.kind == .missing)
        let scratch = try Scratch()
        let path = try scratch.write([0x61, 0x3A, 0xFF], to: "r.yaml")
        #expect(fileError { _ = try Settings(path: path) }?.problem == "the text is not UTF-8")
    }
}
