import Files
import Foundation
import Testing

@Suite struct CSVReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func error(in text: String) throws -> FileError? {
        try error(in: Array(text.utf8))
    }

    private func error(in bytes: [UInt8]) throws -> FileError? {
        let path = try scratch.write(bytes, to: "t.csv")
        return fileError { _ = try table(path) }
    }

    @Test("Plain, quoted and empty cells are read as RFC 4180 says", arguments: [1, 2, 1000])
    func cells(rowsPerChunk: Int) throws {
        let path = try scratch.write(
            "a,b , c\n1,x,\n\"2,5\",\"say \"\"hi\"\"\",\"line\nbreak\"\n,\"\",5\" pipe\n",
            to: "t.csv")
        let (header, rows) = try table(path, rowsPerChunk: rowsPerChunk)
        #expect(header == ["a", "b", "c"])
        #expect(
            rows == [
                ["1", "x", ""], ["2,5", "say \"hi\"", "line\nbreak"], ["", "", "5\" pipe"],
            ])
    }

    @Test(
        "LF, CRLF, CR, no last line end, empty lines and a byte order mark change nothing",
        arguments: [
            "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4",
            "\u{FEFF}a,b\n1,2\n3,4\n", "\n\na,b\n\n1,2\n\r\n3,4\n\n\n", "a,b\r\n1,2\r\n3,4",
        ])
    func lineEnds(text: String) throws {
        let (header, rows) = try table(scratch.write(text, to: "t.csv"))
        #expect(header == ["a", "b"])
        #expect(rows == [["1", "2"], ["3", "4"]])
    }

    @Test(
        "Ragged rows can be passed over and told, those around them read", arguments: [1, 2, 1000])
    func ragged(rowsPerChunk: Int) throws {
        let path = try scratch.write(
            "a,b\n1,2\n3\n\"x\"\"\ny\",4\n5,6,7\n8,\"9\"\"\"\n,,\n", to: "t.csv")
        let reader = try CSVReader(path: path, skipsRagged: true)
        var rows: [[String]] = []
        while let chunk = try reader.nextChunk(rows: rowsPerChunk) {
            for row in 0..<chunk.rowCount {
                rows.append((0..<2).map { chunk.text(row: row, column: $0) })
            }
        }
        #expect(rows == [["1", "2"], ["x\"\ny", "4"], ["8", "9\""]])
        #expect(reader.raggedLines == [3, 6, 8])
    }

    @Test("A row's digest tells its cells and where one ends, in any chunk")
    func digests() throws {
        func digests(_ text: String, _ columns: [Int]) throws -> [UInt64] {
            let reader = try CSVReader(path: scratch.write(text, to: "d.csv"))
            var digests: [UInt64] = []
            while let chunk = try reader.nextChunk(rows: 2) {
                digests += (0..<chunk.rowCount).map { chunk.digest(row: $0, columns: columns) }
            }
            return digests
        }
        let rows = "a,b\nab,c\na,bc\nab,c\nlonger than a word,12345678\n,\n"
        let found = try digests(rows, [0, 1])
        #expect(found[0] == found[2] && Set(found).count == 4)
        let quoted = try digests(rows.replacing("ab,c", with: "\"ab\",\"c\""), [0, 1])
        #expect(quoted == found)
        #expect(try digests(rows, [1])[0] == digests(rows, [1])[2])
        #expect(try digests(rows, [1]) != found)
    }

    @Test("Line numbers and row numbers count across chunks, empty lines and line breaks in cells")
    func lineNumbers() throws {
        let path = try scratch.write("a,b\n1,2\n\n\"x\ny\",4\n5,6\n", to: "t.csv")
        let reader = try CSVReader(path: path)
        var found: [[Int]] = []
        while let chunk = try reader.nextChunk(rows: 2) {
            for row in 0..<chunk.rowCount {
                found.append([chunk.firstRow + row, chunk.line(row: row)])
            }
        }
        #expect(found == [[0, 2], [1, 4], [2, 6]])
    }

    @Test("Rows longer than a block, and rows that straddle blocks, come out whole")
    func longRows() throws {
        let long = String(repeating: "\"\"", count: 200_000)
        var text = "a,b\n"
        for row in 0..<20 { text += "\(row),\"\(long)\"\r\n" }
        let (_, rows) = try table(scratch.write(text, to: "t.csv"), rowsPerChunk: 7)
        #expect(rows.count == 20)
        for (index, row) in rows.enumerated() {
            #expect(row[0] == "\(index)")
            #expect(row[1].utf8.count == 200_000)
            #expect(row[1].utf8.allSatisfy { $0 == UInt8(ascii: "\"") })
        }
    }

    @Test("Every chunk length gives the same rows")
    func chunkLengths() throws {
        var text = "x,y\n"
        for row in 0..<5_000 { text += "\(row),\(Double(row) / 7)\n" }
        let path = try scratch.write(text, to: "t.csv")
        let whole = try table(path, rowsPerChunk: 1_000_000).rows
        #expect(whole.count == 5_000)
        for rows in [1, 13, 4_999] { #expect(try table(path, rowsPerChunk: rows).rows == whole) }
    }

    @Test("A header alone is a table without rows")
    func headerOnly() throws {
        let (header, rows) = try table(scratch.write("a,b", to: "t.csv"))
        #expect(header == ["a", "b"])
        #expect(rows.isEmpty)
    }

    @Test("Cells may be parsed by several threads at once")
    func threads() throws {
        var text = "x,y\n"
        for row in 0..<20_000 { text += "\(row).5,\(2 * row)\n" }
        let reader = try CSVReader(path: scratch.write(text, to: "t.csv"))
        let chunk = try #require(try reader.nextChunk(rows: 20_000))
        let wrong = (0..<4).map { _ in Counter() }
        DispatchQueue.concurrentPerform(iterations: 4) { part in
            for row in stride(from: part, to: 20_000, by: 4)
            where chunk.number(row: row, column: 0) != Double(row) + 0.5
                || chunk.integer(row: row, column: 1) != Int64(2 * row)
            {
                wrong[part].value += 1
            }
        }
        #expect(wrong.allSatisfy { $0.value == 0 })
    }

    private final class Counter: @unchecked Sendable { var value = 0 }

    // What bad input gets.

    @Test("A missing file is named, with exit code 66")
    func missingFile() {
        let error = fileError { _ = try CSVReader(path: "/nowhere/prices.csv") }
        #expect(error?.kind.exitCode == 66)
        #expect(
            error?.description == "/nowhere/prices.csv: no such file. Check the path.")
    }

    @Test("A folder in place of a file is said to be one")
    func folder() {
        let error = fileError { _ = try CSVReader(path: scratch.path) }
        #expect(error?.kind == .missing)
        #expect(error?.problem == "this is a folder")
    }

    @Test("A file below a file is missing, not an input/output error")
    func fileBelowFile() throws {
        let path = try scratch.write("a\n", to: "t.csv")
        #expect(fileError { _ = try CSVReader(path: path + "/x.csv") }?.kind == .missing)
    }

    @Test("An empty file lacks its header", arguments: ["", "\n\n", "\u{FEFF}"])
    func emptyFile(text: String) throws {
        let error = try error(in: text)
        #expect(error?.kind.exitCode == 65)
        #expect(error?.problem == "the file is empty")
    }

    @Test("A ragged row names its line and both counts")
    func raggedRow() throws {
        let short = try error(in: "a,b,c\n1,2,3\n4,5\n")
        #expect(short?.line == 3)
        #expect(short?.expected == "3 cells, as in the header")
        #expect(short?.found == "2")
        #expect(try error(in: "a,b\n1,2\n\n1,2,3\n")?.line == 4)
        #expect(try error(in: "a,b\n1,2,\n")?.found == "3")
    }

    @Test("After an error the reader gives the same error again, never more rows")
    func errorStays() throws {
        let reader = try CSVReader(path: scratch.write("a,b\n1\n1,2\n", to: "t.csv"))
        let first = fileError { _ = try reader.nextChunk(rows: 1) }
        let second = fileError { _ = try reader.nextChunk(rows: 1) }
        #expect(first != nil)
        #expect(first == second)
    }

    @Test("Duplicate and empty column names are refused")
    func headerNames() throws {
        #expect(try error(in: "a,b,a\n")?.column == "a")
        #expect(try error(in: "a,b, a \n")?.problem == "two columns have the same name")
        let unnamed = try error(in: ",a,b\n0,1,2\n")
        #expect(unnamed?.problem == "column 1 of 3 has no name")
        #expect(unnamed?.advice?.contains("index") == true)
    }

    @Test("Another separator than the comma is recognised", arguments: [";", "\t", "|"])
    func separator(separator: String) throws {
        let error = try error(in: "a\(separator)b\n1\(separator)2\n")
        #expect(error?.expected == "names separated by commas")
    }

    @Test("NUL bytes are refused with their line, in plain and in quoted cells")
    func nulBytes() throws {
        #expect(try error(in: "a,b\n1,2\n1,\0\n")?.line == 3)
        #expect(try error(in: "a,b\n1,\"x\n\0\"\n")?.line == 3)
        #expect(try error(in: "a,b\n1,\"2\"\0\n")?.problem == "a NUL byte")
    }

    @Test("Text that is not UTF-8 is refused with line, column and byte")
    func notUTF8() throws {
        var bytes = Array("a,name\n1,x\n2,caf".utf8)
        bytes += [0xE9, 0x0A]
        let error = try error(in: bytes)
        #expect(error?.line == 3)
        #expect(error?.column == "name")
        #expect(error?.found == "byte 0xE9")
        #expect(try self.error(in: [0x61, 0xFF, 0x0A])?.problem == "the text is not UTF-8")
        #expect(try self.error(in: [0xFF, 0xFE, 0x61, 0x00])?.problem == "the text is UTF-16")
    }

    @Test("Valid UTF-8 passes, also beside escaped quotes")
    func validUTF8() throws {
        let (_, rows) = try table(
            scratch.write("a,b\n\"é\"\"ü\"\"\",\"日本𝄞\"\n", to: "t.csv"))
        #expect(rows == [["é\"ü\"", "日本𝄞"]])
    }

    @Test("An unterminated quote names the line where it opens")
    func unterminatedQuote() throws {
        let error = try error(in: "a,b\n1,2\n3,\"4\n5,6\n")
        #expect(error?.line == 3)
        #expect(error?.expected == "a closing \"")
    }

    @Test("Text behind a closing quote is refused")
    func textAfterQuote() throws {
        #expect(try error(in: "a,b\n\"1\"x,2\n")?.problem.contains("closing quote") == true)
    }

    @Test("An error is one line, whatever the cell holds")
    func oneLineErrors() throws {
        let reader = try CSVReader(
            path: scratch.write("a\n\"x\n\u{2028}y\u{1B}[31m\"\n", to: "t.csv"))
        let chunk = try #require(try reader.nextChunk(rows: 1))
        let text = chunk.notANumber(row: 0, column: 0).description
        #expect(!text.contains { $0.isNewline })
        #expect(!text.unicodeScalars.contains("\u{1B}"))
        #expect(
            text.contains(":2, column 'a': not a number: expected a decimal number, found 'x\\n"))
    }

    @Test(
        "Each way of not being a number is told apart",
        arguments: [
            ("abc", "not a number"), ("inf", "infinite"), ("-Infinity", "infinite"),
            ("+NaN", "not a number"), ("1e999", "too large for a number"), ("", "a missing value"),
            ("NA", "a missing value"), ("1,5", "not a number"), ("0x10", "not a number"),
            ("1 000", "not a number"), ("1e", "not a number"), ("--1", "not a number"),
        ])
    func notANumber(cell: String, problem: String) throws {
        let reader = try CSVReader(path: scratch.write("a\n\"\(cell)\"\n", to: "t.csv"))
        let chunk = try #require(try reader.nextChunk(rows: 1))
        let error = fileError { _ = try chunk.requiredNumber(row: 0, column: 0) }
        #expect(error?.problem == problem)
        #expect(error?.line == 2)
        #expect(error?.column == "a")
    }

    @Test("Missing words are missing, in any case and with blanks")
    func missingWords() throws {
        let words = ["", "NA", "na", "NaN", "nan", "null", "NULL", "  ", " NA "]
        let path = try scratch.write(
            "a\n" + words.map { "\"\($0)\"\n" }.joined() + "0\nnone\nnans\n", to: "t.csv")
        let chunk = try #require(try CSVReader(path: path).nextChunk(rows: 100))
        for row in words.indices {
            #expect(chunk.isMissing(row: row, column: 0), "\(words[row])")
            #expect(try chunk.numberOrMissing(row: row, column: 0).isNaN)
        }
        for row in words.count..<words.count + 3 { #expect(!chunk.isMissing(row: row, column: 0)) }
    }

    @Test("A missing column is named with its nearest neighbour")
    func missingColumn() throws {
        let reader = try CSVReader(path: scratch.write("label,weight\n1,2\n", to: "t.csv"))
        #expect(try reader.requiredColumn("weight") == 1)
        let error = fileError { _ = try reader.requiredColumn("lable") }
        #expect(error?.problem == "no column 'lable'")
        #expect(error?.advice == "Did you mean 'label'?")
    }
}
