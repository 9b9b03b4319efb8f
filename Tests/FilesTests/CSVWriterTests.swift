import Files
import Foundation
import Testing

@Suite struct CSVWriterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func text(_ columns: Int, _ body: (inout CSVRows) -> Void) -> String {
        var rows = CSVRows(columnCount: columns)
        body(&rows)
        return String(decoding: rows.bytes, as: UTF8.self)
    }

    @Test("Cells are written with the fewest digits, quotes only where they are needed")
    func cells() {
        let written = text(7) { rows in
            rows.field("plain")
            rows.field("a,b")
            rows.field("say \"hi\"\n")
            rows.field(Float(0.1))
            rows.field(2.0)
            rows.field(-7)
            rows.field(Double.nan)
            rows.endRow()
        }
        #expect(written == "plain,\"a,b\",\"say \"\"hi\"\"\n\",0.1,2,-7,\n")
    }

    @Test("An empty cell in a table of one column is not an empty line")
    func singleColumn() throws {
        let path = scratch.file("t.csv")
        try CSVWriter.write(to: path, header: ["a"]) { writer in
            writer.empty()
            try writer.endRow()
            writer.field(1)
            try writer.endRow()
        }
        #expect(try table(path).rows == [[""], ["1"]])
    }

    @Test("Any text comes back as it went in")
    func textRoundTrip() throws {
        let cells = ["", " a ", "\"", "\"\"", ",", "\r", "\n", "\r\n", "é,\"ü\"", "a\"b", "NA"]
        let path = scratch.file("t.csv")
        try CSVWriter.write(to: path, header: ["x", "q\"u,o"]) { writer in
            for first in cells {
                for second in cells {
                    writer.field(first)
                    writer.field(second)
                    try writer.endRow()
                }
            }
        }
        let (header, rows) = try table(path, rowsPerChunk: 5)
        #expect(header == ["x", "q\"u,o"])
        #expect(rows == cells.flatMap { first in cells.map { [first, $0] } })
    }

    @Test("Rows formatted apart and appended in order are the same file")
    func parallelRows() throws {
        let header = ["row", "value"]
        let serial = scratch.file("serial.csv")
        try CSVWriter.write(to: serial, header: header) { writer in
            for row in 0..<1_000 {
                writer.field(row)
                writer.field(Float(row) / 3)
                try writer.endRow()
            }
        }
        let blocks = (0..<10).map { block in
            var rows = CSVRows(columnCount: 2)
            for row in block * 100..<block * 100 + 100 {
                rows.field(row)
                rows.field(Float(row) / 3)
                rows.endRow()
            }
            return rows
        }
        let parallel = scratch.file("parallel.csv")
        try CSVWriter.write(to: parallel, header: header) { writer in
            for block in blocks { try writer.append(block) }
        }
        #expect(try FileContents.bytes(of: serial) == FileContents.bytes(of: parallel))
    }
}
