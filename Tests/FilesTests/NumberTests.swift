import Files
import Foundation
import Testing

/// Numbers must survive text exactly: a parser that is off by one unit in the last place changes
/// labels and features silently.
@Suite struct NumberTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func parse(_ cells: [String]) throws -> [Double?] {
        let path = try scratch.write(
            "a\n" + cells.map { "\"\($0)\"\n" }.joined(), to: "numbers.csv")
        let chunk = try #require(try CSVReader(path: path).nextChunk(rows: cells.count))
        return (0..<chunk.rowCount).map { chunk.number(row: $0, column: 0) }
    }

    @Test("Numbers of every length and power equal the C library's strtod, bit for bit")
    func exactParsing() throws {
        var generator = SystemRandomNumberGenerator()
        var cells = [
            "0", "-0", "+1", ".5", "5.", "1e5", "1E-5", " 12 ", "9007199254740993",
            "9007199254740992.5", "1e22", "1e23", "8.5e-27", "1.7976931348623157e308",
            "4.9e-324", "2.2250738585072011e-308", "1e-400", "0e999", "18446744073709551615",
            "9999999999999999999", "99999999999999999999", "0.000000000000000000000000001",
            "123456789012345678e-27", "1844674407370955161e27", "0.1234567890123456789012345",
        ]
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...22, using: &generator)
            var text = String(
                (0..<digits).map { _ in Character("\(Int.random(in: 0...9, using: &generator))") })
            let point = Int.random(in: 0...digits, using: &generator)
            text.insert(".", at: text.index(text.startIndex, offsetBy: point))
            if Bool.random(using: &generator) {
                text += "e\(Int.random(in: -45...45, using: &generator))"
            }
            cells.append(text)
        }
        for _ in 0..<20_000 {
            cells.append(Double(bitPattern: .random(in: 0 ... .max, using: &generator)).description)
        }
        cells = cells.filter { !$0.contains("n") }
        for (cell, number) in zip(cells, try parse(cells)) {
            #expect(number?.bitPattern == strtod(cell, nil).bitPattern, "\(cell)")
        }
    }

    @Test("Text that only looks like a number is none")
    func notNumbers() throws {
        let cells = [
            "", " ", ".", "-", "+", "e5", "1e", "1e+", "1.2.3", "1-2", "--1", "0x1p3", "inf", "nan",
            "1,000", "1_000", "1 2", "٣", "1e999", "-1e309", "1f", "1d5", "+-1", "1e5.0",
        ]
        for (cell, number) in zip(cells, try parse(cells)) { #expect(number == nil, "\(cell)") }
    }

    @Test("Whole numbers are exact over all 64 bits and refuse everything else")
    func integers() throws {
        let good: [(String, Int64)] = [
            ("0", 0), ("-1", -1), (" +42 ", 42), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("1546300800123456789", 1_546_300_800_123_456_789),
        ]
        let bad = ["", "-", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "x"]
        let path = try scratch.write(
            "a\n" + (good.map(\.0) + bad).map { "\"\($0)\"\n" }.joined(), to: "t.csv")
        let chunk = try #require(try CSVReader(path: path).nextChunk(rows: 100))
        for (row, (cell, value)) in good.enumerated() {
            #expect(chunk.integer(row: row, column: 0) == value, "\(cell)")
        }
        for row in bad.indices {
            #expect(chunk.integer(row: good.count + row, column: 0) == nil, "\(bad[row])")
        }
        let error = fileError { _ = try chunk.requiredInteger(row: good.count + 2, column: 0) }
        #expect(error?.found == "'1.0'")
    }

    @Test("Written floats and doubles read back bit for bit")
    func roundTrip() throws {
        var floats: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
        var doubles: [Double] = [0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3, 1e16]
        while floats.count < 20_000 {
            let float = Float(bitPattern: .random(in: 0 ... .max))
            let double = Double(bitPattern: .random(in: 0 ... .max))
            if float.isFinite { floats.append(float) }
            if double.isFinite { doubles.append(double) }
        }
        let count = min(floats.count, doubles.count)
        let path = scratch.file("t.csv")
        try CSVWriter.write(to: path, header: ["float", "double"]) { writer in
            for index in 0..<count {
                writer.field(floats[index])
                writer.field(doubles[index])
                try writer.endRow()
            }
        }
        let chunk = try #require(try CSVReader(path: path).nextChunk(rows: count))
        #expect(chunk.rowCount == count)
        for row in 0..<count {
            let float = Float(try chunk.requiredNumber(row: row, column: 0))
            #expect(float.bitPattern == floats[row].bitPattern)
            let double = try chunk.requiredNumber(row: row, column: 1)
            #expect(double.bitPattern == doubles[row].bitPattern)
        }
    }
}
