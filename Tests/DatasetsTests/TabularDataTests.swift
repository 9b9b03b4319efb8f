import Datasets
import Files
import Foundation
import Testing

@Suite struct TabularDataTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func data(
        _ text: String, _ change: (inout TabularData.Options) -> Void = { _ in }
    ) throws -> TabularData {
        var options = TabularData.Options()
        change(&options)
        return try TabularData(path: scratch.write(text, to: "t.csv"), options: options)
    }

    private func error(
        _ text: String, _ change: (inout TabularData.Options) -> Void = { _ in }
    ) -> FileError? {
        fileError { _ = try data(text, change) }
    }

    @Test("Columns find their parts, rows their splits, and missing cells become NaN")
    func parts() throws {
        let data = try data(
            """
            a,split,label,weight,b
            1,train,10,1,2
            3,test,11,2,NA
            ,train,12,0,5
            6,validation,13,4,7
            """)
        #expect(data.featureNames == ["a", "b"])
        #expect(data.train.features.map(\.description) == ["1.0", "2.0", "nan", "5.0"])
        #expect(data.train.labels == [10, 12])
        #expect(data.train.weights == [1, 0])
        #expect(data.train.rows == [0, 2])
        #expect(data.test.rows == [1])
        #expect(data[.validation].features == [6, 7])
        #expect(data.missingCells == [1, 1])
        #expect(data.rowCount == 4)
        #expect(data.notes == ["column 'weight' weighs the rows; rename it to make it a feature"])
    }

    @Test("Without a split column rows go 64/16/20 by row and seed, and a note says so")
    func hashedSplit() throws {
        let text = "x,label\n" + (0..<20_000).map { "\($0),\($0 % 7)\n" }.joined()
        let data = try data(text)
        #expect(abs(data.train.rowCount - 12_800) < 300)
        #expect(abs(data.validation.rowCount - 3_200) < 200)
        #expect(abs(data.test.rowCount - 4_000) < 250)
        #expect(data.notes.count == 1)
        #expect(data.notes[0].contains("64/16/20"))
        #expect(try self.data(text).train.rows == data.train.rows)
        #expect(try self.data(text) { $0.splitSeed = 1 }.train.rows != data.train.rows)
        // The parts are fixed for ever: a checkpoint's test rows must stay unseen. The expected
        // ones come from a Python transcription of the published SplitMix64.
        let letters: [SplitPart: String] = [.train: "t", .validation: "v", .test: "T"]
        let first = (0..<16).compactMap { letters[SplitPart(row: $0, seed: 0)] }.joined()
        #expect(first == "vvtvvtvttttttttt")
    }

    @Test("The label may have another name, and columns may be ignored")
    func names() throws {
        let text = "x,name,y,split\n1,one,2,train\n3,two,4,train\n5,six,6,validation\n"
        let data = try data(text) {
            $0.label = "y"
            $0.ignored = ["name"]
        }
        #expect(data.featureNames == ["x"])
        #expect(data.labelName == "y")
        let row = try self.data("row,x,label,split\n0,1,2,train\n1,3,4,train\n2,5,6,validation\n")
        #expect(row.featureNames == ["x"])
        #expect(row.notes == ["column 'row' is a row number, not a feature"])
        let labels = (0..<40).map { $0 == 30 ? "1e30" : "\($0)" }
        let far = try self.data(
            "a,label,split\n"
                + labels.enumerated().map {
                    "1,\($1),\($0 % 4 == 1 ? "validation" : "train")\n"
                }.joined())
        #expect(far.notes.count == 1)
        #expect(far.notes[0].hasPrefix("the label 1e+30 of data row 31 is more than 10,000"))
    }

    @Test("The fingerprint sees values and names, not how they are written")
    func fingerprint() throws {
        let rows = "1,2,train\n3,4,train\n5,6,validation\n"
        let one = try data("x,label,split\n" + rows)
        #expect(one.fingerprint.count == 16)
        #expect(
            try data("x,label,split\n1.0,2e0,train\n3,4,train\n5,6,validation\n").fingerprint
                == one.fingerprint)
        #expect(try data("z,label,split\n" + rows).fingerprint != one.fingerprint)
        #expect(
            try data("x,label,split\n1,2,train\n3,4,train\n5,7,validation\n").fingerprint
                != one.fingerprint)
    }

    // What bad input gets.

    @Test("A column of text is refused with column, line, word and what to do")
    func categories() {
        let error = error("x,city,label,split\n1,,2,train\n3,Bonn,4,train\n")
        #expect(error?.line == 3)
        #expect(error?.column == "city")
        #expect(error?.found == "'Bonn'")
        #expect(error?.advice?.contains("one-hot") == true)
        #expect(error?.kind.exitCode == 65)
    }

    @Test(
        "Infinities and overflows are refused", arguments: ["inf", "-Infinity", "1e999", "1e300"])
    func infinities(cell: String) {
        #expect(error("x,label,split\n1,2,train\n\(cell),3,train\n")?.line == 3)
        #expect(error("x,label,split\n1,\(cell),train\n")?.column == "label")
    }

    @Test("A missing label cell is refused; so are bad weights and parts")
    func badCells() {
        #expect(error("x,label,split\n1,,train\n")?.problem == "a missing value")
        #expect(error("x,label,weight\n1,2,-1\n")?.problem == "not a weight")
        #expect(error("x,label,weight\n1,2,\n")?.column == "weight")
        #expect(error("x,label,weight\n1,2,inf\n")?.column == "weight")
        #expect(
            error("x,label,split\n1,2,Train\n")?.expected == "train, validation or test")
    }

    @Test("A table without its label names the nearest column")
    func noLabel() {
        let error = error("x,lable\n1,2\n")
        #expect(error?.problem == "no label column 'label'")
        #expect(error?.advice?.contains("'lable'") == true)
        #expect(self.error("x,label\n1,2\n") { $0.ignored = ["y"] }?.problem == "no column 'y'")
        #expect(self.error("label,split\n1,train\n")?.problem == "no feature columns")
    }

    @Test("A constant label, and weights that are all zero, are refused")
    func constantLabel() {
        let rows = "1,5,0,train\n2,5,0,train\n3,6,1,validation\n"
        let error = error("x,label,w,split\n" + rows)
        #expect(error?.column == "label")
        #expect(error?.found == "5.0 in all 2")
        #expect(
            self.error("x,y,weight,split\n1,5,0,train\n2,6,0,train\n3,6,1,validation\n") {
                $0.label = "y"
            }?.problem == "every train row has weight 0")
    }

    @Test("No rows at all, no train rows and no validation rows are refused")
    func noRows() {
        #expect(error("x,label\n")?.problem == "no rows below the header")
        #expect(
            error("x,label,split\n1,2,train\n2,3,test\n")?.problem
                == "no validation rows among 2")
        #expect(error("x,label,split\n1,2,test\n2,3,validation\n")?.column == "split")
        #expect(error("x,label\n1,2\n")?.kind == .badData)
    }
}
