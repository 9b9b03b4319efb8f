/// The floor plan that ARCHITECTURE.md describes, and what it forbids.
struct House {
    /// The floor of every room. A room may import only rooms on lower floors.
    var floors: [String: Int]
    var doors: [Door]

    /// A rule about what some rooms reach, directly or through others.
    struct Door {
        var name: String
        var rooms: [String]
        /// Rooms of this package that may be reached; nil where all but `forbidden` may.
        var allowed: Set<String>?
        var forbidden: Set<String> = []
    }

    static let tenor = House(
        floors: [
            "COpenBLAS": 0, "CZlib": 0, "CVectorMath": 0,
            "Files": 1, "Random": 1,
            "Arrays": 2, "Quantiles": 2, "Bonds": 2,
            "Autodiff": 3, "Tape": 3, "FairValue": 3, "Datasets": 3,
            "Layers": 4, "Simulation": 4, "Features": 4, "Baselines": 4,
            "QuantileModels": 5, "QuantileEvaluation": 5,
            "QuantileTraining": 6, "Inference": 6,
            "Serving": 7, "Terminal": 7,
            "tenor": 8, "tenor-server": 8,
            // Above every room, so that none can import it.
            "TestSupport": 9, "TestMarkets": 9, "TestSockets": 9,
        ],
        doors: [
            Door(
                name: "evaluation sees only forecast tables and reference tables",
                rooms: ["QuantileEvaluation"],
                allowed: ["Files", "Random", "Quantiles", "Bonds", "CZlib"]),
            Door(
                name: "pricing never needs training",
                rooms: ["Inference", "Serving", "tenor-server"],
                forbidden: ["QuantileTraining"]),
            Door(
                name: "training, scoring and judging are built without a server",
                rooms: ["tenor"], forbidden: ["Serving"]),
            Door(
                name: "the engine knows nothing of bonds",
                rooms: ["Arrays", "Autodiff", "Layers"], forbidden: ["Bonds", "Tape"]),
        ])

    /// Everything in a package that breaks the plan, one line each.
    func violations(in manifest: Manifest) -> [String] {
        floorViolations(in: manifest) + doorViolations(in: manifest)
            + manifest.targets.filter { $0.settings.contains { $0.kind.contains("unsafeFlags") } }
            .map { "\($0.name) has unsafe flags, so no other package could depend on it" }
    }

    private func floorViolations(in manifest: Manifest) -> [String] {
        let rooms = manifest.targets.filter { $0.type != "test" }
        let names = Set(rooms.map(\.name))
        return rooms.flatMap { room -> [String] in
            guard let floor = floors[room.name] else { return ["\(room.name) has no floor"] }
            return room.dependencies.map(\.name).filter(names.contains).compactMap { below in
                guard let lower = floors[below], lower >= floor else { return nil }
                return "\(room.name) (floor \(floor)) imports \(below) (floor \(lower))"
            }
        }
    }

    private func doorViolations(in manifest: Manifest) -> [String] {
        doors.flatMap { door in
            door.rooms.flatMap { room in
                let reached = reach(of: room, in: manifest)
                let wrong = reached.intersection(door.forbidden)
                    .union(door.allowed.map { reached.subtracting($0) } ?? [])
                return wrong.sorted().map { "\(door.name): \(room) reaches \($0)" }
            }
        }
    }

    /// The rooms that a room imports, and those that they import, and so on.
    private func reach(of room: String, in manifest: Manifest) -> Set<String> {
        let imports = Dictionary(
            uniqueKeysWithValues: manifest.targets.map { ($0.name, $0.dependencies.map(\.name)) })
        var reached: Set<String> = []
        var next = imports[room] ?? []
        while let name = next.popLast() {
            guard let further = imports[name], reached.insert(name).inserted else { continue }
            next += further
        }
        return reached
    }
}
