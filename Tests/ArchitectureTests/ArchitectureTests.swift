import Foundation
import Testing

/// Keeps the floor plan and the shut doors of ARCHITECTURE.md.
@Suite struct ArchitectureTests {
    private static let manifest = Result { try Manifest.ofThisPackage() }

    @Test("Rooms import downward, the doors are shut, no unsafe flags")
    func floorPlan() throws {
        #expect(House.tenor.violations(in: try Self.manifest.get()) == [])
    }

    @Test("The package offers the tool, its server and one library")
    func products() throws {
        let products = try Self.manifest.get().products.map(\.name)
        #expect(Set(products) == ["tenor", "tenor-server", "Tenor"])
    }

    @Test("ARCHITECTURE.md shows every room, on its floor, and no other")
    func floorPlanOnPaper() throws {
        let page = try String(
            contentsOf: Manifest.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
        let shown = page.matches(of: /\| (\d) \| `([\w-]+)` \| (\S+) \|/)
            .map { "\($0.1) \($0.2) \($0.3)" }
        let rooms = try Self.manifest.get().targets.filter { $0.type != "test" }.map {
            "\(try #require(House.tenor.floors[$0.name])) \($0.name) \(try #require($0.path))"
        }
        #expect(Set(shown) == Set(rooms))
    }

    @Test("Sources import what their room declares and never stop the process")
    func sources() throws {
        var violations: [String] = []
        var count = 0
        for room in try Self.manifest.get().targets where room.ships {
            let folder = Manifest.root.appending(path: try #require(room.path))
            for file in SourceRules.files(in: folder) {
                count += 1
                violations += SourceRules.violations(
                    source: try String(contentsOf: file, encoding: .utf8),
                    file: "\(room.name)/\(file.lastPathComponent)",
                    dependencies: Set(room.dependencies.map(\.name)))
            }
        }
        #expect(violations == [])
        #expect(count > 10, "the sources were not found")
    }
}

/// The rules above must be able to fail.
@Suite struct ArchitectureRuleTests {
    private func target(
        _ name: String, _ dependencies: [String] = [], settings: [String] = []
    ) -> Manifest.Target {
        Manifest.Target(
            name: name, type: "regular", path: nil,
            dependencies: dependencies.map(Manifest.Dependency.init(name:)),
            settings: settings.map(Manifest.Setting.init(kind:)))
    }

    private func violations(_ targets: Manifest.Target...) -> [String] {
        House.tenor.violations(in: Manifest(products: [], targets: targets))
    }

    @Test func aHouseInOrderPasses() {
        #expect(
            violations(
                target("Files", ["CZlib", "Yams"]), target("CZlib"), target("Quantiles", ["Files"]),
                target("QuantileEvaluation", ["Quantiles", "Mustache"])) == [])
    }

    @Test func anUpwardImportIsFound() {
        #expect(
            violations(target("Files", ["Arrays"]), target("Arrays"))
                == ["Files (floor 1) imports Arrays (floor 2)"])
    }

    @Test func anImportWithinAFloorIsFound() {
        #expect(
            violations(target("Quantiles", ["Bonds"]), target("Bonds"))
                == ["Quantiles (floor 2) imports Bonds (floor 2)"])
    }

    @Test func aRoomWithoutAFloorIsFound() {
        #expect(violations(target("Cellar")) == ["Cellar has no floor"])
    }

    @Test func aDoorIsShutThroughOtherRoomsToo() {
        let found = violations(
            target("QuantileEvaluation", ["Quantiles"]), target("Quantiles", ["Arrays"]),
            target("Arrays"))
        #expect(
            found.contains(
                "evaluation sees only forecast tables and reference tables: "
                    + "QuantileEvaluation reaches Arrays"))
        #expect(
            violations(
                target("Serving", ["Inference"]), target("Inference", ["QuantileTraining"]),
                target("QuantileTraining")
            ).contains("pricing never needs training: Serving reaches QuantileTraining"))
        #expect(
            violations(target("Layers", ["Tape"]), target("Tape"))
                == ["the engine knows nothing of bonds: Layers reaches Tape"])
    }

    @Test func unsafeFlagsAreFound() {
        #expect(violations(target("Files", settings: ["unsafeFlags"])).count == 1)
    }

    @Test(
        "Undeclared imports are found",
        arguments: [
            "import Arrays", "@preconcurrency import Arrays", "import struct Arrays.Shape",
            "public import Arrays",
        ])
    func undeclaredImport(line: String) {
        func violations(_ dependencies: Set<String>) -> [String] {
            SourceRules.violations(
                source: "import Foundation\n" + line, file: "A.swift", dependencies: dependencies)
        }
        #expect(violations([]) == ["A.swift:2: import Arrays, which its room does not declare"])
        #expect(violations(["Arrays"]) == [])
    }

    @Test(
        "Code that stops the process is found",
        arguments: [
            "let a = try! b()", "fatalError(\"no\")", "x = (y as! Z)", "Bundle.module.url(f)",
        ])
    func stoppingCode(line: String) {
        #expect(SourceRules.violations(source: line, file: "A", dependencies: []).count == 1)
        #expect(SourceRules.violations(source: "// " + line, file: "A", dependencies: []) == [])
    }

    @Test func ordinaryCodePasses() {
        let source = "let a = alias!\nlet b = try? c() as? Int\nimportant = 1\n"
        #expect(SourceRules.violations(source: source, file: "A", dependencies: []) == [])
    }
}
