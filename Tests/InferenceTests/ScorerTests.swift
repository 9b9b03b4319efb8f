import Arrays
import Datasets
import Files
import Foundation
import Inference
import Layers
import QuantileModels
import Quantiles
import Random
import Testing

/// One after the other, because the number of BLAS threads, which scoring sets to one, belongs to the
/// whole process and decides in which order a product adds up.
@Suite(.serialized) struct ScorerTests {
    private static let features = ["a", "b", "c"]
    private let folder: URL
    private let model: QuantileModel

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "tenor-inference-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let inputs = InputTransform(
            fitting: .quantileNormal,
            to: FeatureMatrix(names: Self.features, values: Self.cells(200, seed: 1)))
        let levels = try QuantileLevels([0.1, 0.5, 0.6, 0.9])
        model = QuantileModel(
            nets: [
                .init(
                    inputs: inputs, label: LabelScaling(mean: 100, deviation: 7),
                    network: QuantileNetwork(
                        NetworkSpec(hidden: [32, 32]), layout: inputs.layout, levels: levels,
                        quantiles: [-1.3, 0, 0.3, 1.3], stream: RandomStream(seed: 2)))
            ],
            recalibration: Recalibration(.shift, values: [-0.5, 0, 0.1, 0.5]))
    }

    /// Row-major cells of three features, some of `a` missing.
    private static func cells(_ rows: Int, seed: UInt64) -> [Float] {
        var random = RandomStream(seed: seed)
        return (0..<rows * 3).map { index in
            let value = Float(random.normal())
            return index % 3 == 0 && random.uniform() < 0.1 ? .nan : value
        }
    }

    /// Writes a table whose columns stand in the order given; `id`, `split` and `label` are made up.
    private func table(
        _ cells: [Float], columns: [String] = ["a", "b", "c"], name: String = "data.csv"
    ) throws -> String {
        var text = columns.joined(separator: ",") + "\n"
        for row in 0..<cells.count / 3 {
            text +=
                columns.map { column in
                    switch column {
                    case "id": return "bond \(row)"
                    case "split": return SplitPart.allCases[row % 3].rawValue
                    case "label": return "\(row).50"
                    case let feature:
                        let index = Self.features.firstIndex(of: feature) ?? 0
                        let value = cells[row * 3 + index]
                        return value.isNaN ? "" : "\(value)"
                    }
                }.joined(separator: ",") + "\n"
        }
        let path = folder.appending(path: name).path
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private func score(
        _ path: String, workers: Int = 2, _ change: (inout TabularReader.Options) -> Void = { _ in }
    ) throws -> (summary: Scorer.Summary, table: ForecastTable) {
        defer { try? FileManager.default.removeItem(at: folder.appending(path: "out.csv")) }
        var options = TabularReader.Options()
        change(&options)
        let output = folder.appending(path: "out.csv").path
        let summary = try Scorer(model: model, workerCount: workers)
            .score(path, options: options, to: output)
        return (summary, try ForecastTable(path: output))
    }

    /// Whether two forecasts differ by roundings only: the order in which a matrix product adds up
    /// depends on the rows around a row.
    private func nearlyEqual(_ a: some Sequence<Double>, _ b: some Sequence<Float>) -> Bool {
        zip(a, b).allSatisfy { abs(Float($0) - $1) <= 4 * $1.ulp }
    }

    @Test("The table is the same bit for bit, whatever the workers, and says what the model says")
    func matchesTheModel() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        // More than two blocks, the last one incomplete.
        let cells = Self.cells(9_001, seed: 3)
        let path = try table(cells)
        let model = model.forecast(FeatureMatrix(names: Self.features, values: cells)).elements
        let one = try score(path, workers: 1)
        #expect(one.summary.rows == 9_001)
        #expect(one.summary.missingCells == cells.count(where: { $0.isNaN }))
        #expect(one.table.row == Array(0..<9_001))
        #expect(one.table.tiles.count == model.count)
        #expect(nearlyEqual(one.table.tiles, model))
        for workers in [2, 3, 8] {
            #expect(try score(path, workers: workers).table.tiles == one.table.tiles)
        }
    }

    @Test("A row's forecast does not depend on the rows around it")
    func rowByRow() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cells = Self.cells(257, seed: 4)
        let table = try score(table(cells)).table
        for row in 0..<257 {
            let alone = model.forecast(
                FeatureMatrix(names: Self.features, values: Array(cells[row * 3..<row * 3 + 3])))
            #expect(nearlyEqual(table.tiles(row: row), alone.elements), "row \(row)")
        }
    }

    @Test("Columns may stand in any order, among others")
    func columnOrder() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cells = Self.cells(50, seed: 5)
        let plain = try score(table(cells))
        let mixed = try score(table(cells, columns: ["c", "id", "a", "label", "b"]))
        #expect(mixed.table.tiles == plain.table.tiles)
        #expect(mixed.summary.ignoredColumns == 1, "id")
        #expect(plain.table.label == nil && mixed.table.label?[3] == 3.5)
    }

    @Test("Features that the file lacks are listed, all of them, and nothing is written")
    func missingFeatures() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try table(Self.cells(5, seed: 6), columns: ["b", "label"])
        let error = #expect(throws: FileError.self) { _ = try score(path) }
        #expect(error?.kind == .badData && error?.file == path)
        #expect(
            error?.expected?.contains("'a'") == true && error?.expected?.contains("'c'") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["data.csv"])
    }

    @Test("A cell that is no number stops the scoring at its line, and nothing is written")
    func badCell() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try table(Self.cells(9_000, seed: 7))
        var lines = try String(contentsOfFile: path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        lines[8_500] = "1,two,3"
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
        let error = #expect(throws: FileError.self) { _ = try score(path) }
        #expect(error?.line == 8_501 && error?.column == "b" && error?.found == "'two'")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["data.csv"])
    }

    @Test("Kept columns are carried through as they stand")
    func keep() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try table(
            Self.cells(20, seed: 8), columns: ["id", "a", "b", "c", "split", "label"])
        let (_, table) = try score(path) { $0.kept = ["split", "id"] }
        #expect(table.otherColumns.map(\.name) == ["split", "id"])
        #expect(table.otherColumns[1][7] == "bond 7" && table.otherColumns[0][7] == "validation")
        let error = #expect(throws: FileError.self) { _ = try score(path) { $0.kept = ["cusip"] } }
        #expect(error?.description.contains("cusip") == true)
    }

    @Test("Only the rows of a part are scored, and they keep the numbers of their rows")
    func split() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cells = Self.cells(5_000, seed: 9)
        let path = try table(cells, columns: ["a", "b", "c", "split"])
        let whole = try score(path).table
        let part = try score(path) { $0.part = .test }.table
        let rows = Array(stride(from: 2, to: 5_000, by: 3))
        #expect(part.row == rows)
        for (position, row) in rows.enumerated() {
            #expect(nearlyEqual(part.tiles(row: position), whole.tiles(row: row).map(Float.init)))
        }
    }

    @Test("Whole blocks without a row of the part are passed over, as in a file sorted by split")
    func sortedBySplit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let count = 9_000
        let cells = Self.cells(count, seed: 12)
        var lines = ["a,b,c,split"]
        for row in 0..<count {
            let features = cells[row * 3..<row * 3 + 3].map { $0.isNaN ? "" : "\($0)" }
            lines.append(features.joined(separator: ",") + (row < 8_500 ? ",train" : ",test"))
        }
        let path = folder.appending(path: "sorted.csv").path
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
        let (summary, part) = try score(path) { $0.part = .test }
        #expect(summary.rows == 500)
        #expect(part.row == Array(8_500..<9_000))
        #expect(try score(path) { $0.part = .validation }.summary.rows == 0)
    }

    @Test("Without a split column the part is the one that training made of the same rows")
    func hashedSplit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cells = Self.cells(300, seed: 10)
        let path = try table(cells, columns: ["a", "b", "c", "label"])
        var options = TabularData.Options()
        options.splitSeed = 77
        let data = try TabularData(path: path, options: options)
        let part = try score(path) {
            $0.part = .test
            $0.splitSeed = 77
        }.table
        #expect(part.row == data.test.rows)
        let error = #expect(throws: FileError.self) { _ = try score(path) { $0.part = .test } }
        #expect(error?.problem == "no column 'split'")
    }

    @Test("No row crosses, and none is lost, in a table without rows too")
    func edges() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let limit = Float.greatestFiniteMagnitude
        let cells: [Float] = [limit, -limit, limit, -limit, 1e30, 0, .nan, .nan, .nan]
        let table = try score(table(cells)).table
        for row in 0..<3 {
            let tiles = Array(table.tiles(row: row))
            #expect(tiles.allSatisfy { $0.isFinite } && tiles == tiles.sorted())
        }
        let empty = folder.appending(path: "empty.csv")
        try Data("a,b,c\n".utf8).write(to: empty)
        var options = TabularReader.Options()
        options.label = "label"
        let output = folder.appending(path: "out.csv").path
        let summary = try Scorer(model: model).score(empty.path, options: options, to: output)
        #expect(summary.rows == 0)
        #expect(
            try String(contentsOfFile: output, encoding: .utf8)
                == "row,10_tile,50_tile,60_tile,90_tile\n")
    }
}
