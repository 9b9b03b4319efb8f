import Files
import Foundation
import Quantiles
import Testing

@Suite("Forecast table")
struct ForecastTableTests {
    private func inFolder(_ body: (_ path: (String) -> String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("quantiles-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body { folder.appendingPathComponent($0).path }
    }

    private func read(_ text: String, keepingOthers: Bool = true) throws -> ForecastTable {
        var table: ForecastTable?
        try inFolder { path in
            try AtomicFile.write(Array(text.utf8), to: path("t.csv"))
            table = try ForecastTable(path: path("t.csv"), keeping: keepingOthers ? nil : [])
        }
        return try #require(table)
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("columns may come in any order; tiles end up in the order of their levels")
    func anyOrder() throws {
        let table = try read("95_tile,cusip,label,5_tile,row,50_tile\n3,A,2.5,1,7,2\n6,B,4,4,3,5\n")
        #expect(table.levels.values == [0.05, 0.5, 0.95])
        #expect(table.tiles == [1, 2, 3, 4, 5, 6])
        #expect(table.label == [2.5, 4])
        #expect(table.row == [7, 3])
        #expect(table.executionDate == nil)
        #expect(table.otherColumns.map(\.name) == ["cusip"])
        #expect(table.otherColumns[0][1] == "B")
        #expect(try read("5_tile,x\n1,2\n", keepingOthers: false).otherColumns.isEmpty)
    }

    @Test("empty cells of tiles and labels are NaN, for whoever judges them")
    func missing() throws {
        let table = try read("5_tile,95_tile,label\n1,,9\n,2,\n")
        #expect(table.tiles.map(\.isNaN) == [false, true, true, false])
        #expect(table.label?.map(\.isNaN) == [false, true])
    }

    @Test("without tiles a single column is read, of prices, yields or spreads; else a family")
    func otherForms() throws {
        let point = try read("cusip,spread_prediction\nA,120\n")
        #expect(point.isPoint && point.unit == .spread && point.levels.values == [0.5])
        let yields = try read("spread_5_tile,ytm_5_tile,ytm_95_tile\n1,4,5\n")
        #expect(yields.unit == .yield && !yields.isPoint && yields.tiles == [4, 5])
        let prices = try read("ytm_5_tile,prediction,5_tile\n4,1,2\n")
        #expect(prices.unit == .price && !prices.isPoint && prices.tiles == [2])
    }

    @Test("times in another unit are converted when told so, and only then")
    func toldUnits() throws {
        try inFolder { path in
            try AtomicFile.write(
                Array("5_tile,execution_date\n1,1700000000\n".utf8), to: path("t.csv"))
            let table = try ForecastTable(path: path("t.csv"), timeUnit: .seconds)
            #expect(table.executionDate == [1_700_000_000_000_000_000])
        }
    }

    @Test("tiles that cross are kept as they are")
    func crossing() throws {
        #expect(try read("5_tile,95_tile\n3,1\n").tiles == [3, 1])
    }

    @Test("what is written reads back the same, in the order of the data dictionary")
    func roundTrip() throws {
        var note = TextColumn(name: "note")
        for cell in ["a,b", "\"q\""] { note.append(cell.utf8) }
        let table = ForecastTable(
            levels: try QuantileLevels([0.025, 0.5]), tiles: [0.1, 1.0 / 3, -2e-7, 1e12],
            label: [1, 2], row: [5, 1],
            executionDate: [1_700_000_000_000_000_001, 1_700_000_000_000_000_002],
            otherColumns: [
                TextColumn(name: "spread_2.5_tile", ["7", "8"]), note,
                TextColumn(name: "cusip", ["X", "Y"]),
            ])
        try inFolder { path in
            for name in ["t.csv", "t.csv.gz"] {
                try table.write(to: path(name))
                let again = try ForecastTable(path: path(name))
                #expect(again.levels == table.levels)
                #expect(again.tiles == table.tiles)
                #expect(again.label == table.label)
                #expect(again.row == table.row)
                #expect(again.executionDate == table.executionDate)
                #expect(again.otherColumns.map(\.name) == ["cusip", "note", "spread_2.5_tile"])
                #expect(again.otherColumns[1][0] == "a,b" && again.otherColumns[1][1] == "\"q\"")
            }
            #expect(
                try CSVReader(path: path("t.csv")).header == [
                    "row", "cusip", "execution_date", "note", "label", "2.5_tile", "50_tile",
                    "spread_2.5_tile",
                ])
        }
    }

    @Test("rows formatted from a source block are those of a table")
    func formattedRows() throws {
        try inFolder { path in
            try AtomicFile.write(
                Array("name,y,x\n\"a,b\",1.50,3\nc,-2,4\n".utf8), to: path("s.csv"))
            let reader = try CSVReader(path: path("s.csv"))
            let chunk = try #require(try reader.nextChunk(rows: 10))
            var rows = try ForecastRows(
                levels: QuantileLevels([0.25, 0.75]), keeping: ["name"], hasLabel: true,
                file: "out.csv")
            let tiles: [Float] = [0.1, 0.2, 3, 4.5]
            tiles.withUnsafeBufferPointer { tiles in
                for row in 0..<2 {
                    rows.append(
                        row: row + 10, from: chunk, at: row, keeping: [0], label: 1,
                        tiles: UnsafeBufferPointer(rebasing: tiles[row * 2..<row * 2 + 2]))
                }
            }
            #expect(rows.header == ["row", "name", "label", "25_tile", "75_tile"])
            #expect(
                String(decoding: rows.rows.bytes, as: UTF8.self)
                    == "10,\"a,b\",1.50,0.1,0.2\n11,c,-2,3,4.5\n")
        }
    }

    @Test("a kept column may not take the name of a column of the table")
    func keptNames() {
        #expect(throws: FileError.self) {
            try ForecastRows(levels: .standard, keeping: ["row"], hasLabel: false, file: "f")
        }
        #expect(throws: FileError.self) {
            try ForecastRows(
                levels: .standard, keeping: ["x", "5_tile"], hasLabel: true, file: "f")
        }
    }

    @Test("what cannot be read says the line, the column, what was expected and found")
    func refusals() {
        #expect(problem("a,b\n1,2\n").contains("no tile columns"))
        #expect(problem("5_tile,5.0_tile\n1,2\n").contains("name the same level"))
        #expect(problem("5_tile,95_tile\n1,2\n3,x\n").contains(":3, column '95_tile'"))
        #expect(problem("5_tile\n1\nabc\n").contains("'abc'"))
        #expect(problem("5_tile\ninf\n").contains("infinite"))
        #expect(problem("5_tile,label\n1,x\n").contains(":2, column 'label'"))
        #expect(problem("5_tile,row\n1,4\n1,9\n1,4\n").contains(":4, column 'row'"))
        #expect(problem("5_tile,row\n1,4\n1,4\n").contains("already has"))
        #expect(problem("5_tile,row\n1,-1\n").contains("negative"))
        #expect(problem("5_tile,row\n1,1.5\n").contains("whole number"))
    }

    @Test(
        "times that are not nanoseconds are recognised",
        arguments: [
            ("1700000000", "looks like seconds"), ("1700000000000", "looks like milliseconds"),
            ("1700000000000000", "looks like microseconds"), ("17", "not a time in nanoseconds:"),
            ("2024-01-02", "not a whole number"),
        ])
    func timeUnits(time: String, said: String) {
        #expect(problem("5_tile,execution_date\n1,\(time)\n").contains(said))
    }

    @Test("selecting rows and levels")
    func selecting() throws {
        let table = try read("5_tile,50_tile,95_tile,label,c\n1,2,3,9,x\n4,5,6,8,y\n")
        let swapped = table.selecting([1, 0])
        #expect(swapped.tiles == [4, 5, 6, 1, 2, 3])
        #expect(swapped.label == [8, 9])
        #expect(swapped.otherColumns[0][0] == "y")
        let outer = try QuantileLevels([0.05, 0.95])
        #expect(table.selecting(outer)?.tiles == [1, 3, 4, 6])
        #expect(table.selecting(try QuantileLevels([0.05, 0.4])) == nil)
    }
}
