import Bonds
import Files

/// What an import needs of `bonds.csv`: any file with a `cusip` column will do.
///
/// More lenient than `BondRow`, because cleaning can do without most of a bond's terms. A cell that
/// cannot be used is passed over and told.
struct BondList {
    private(set) var facts: [PackedCUSIP: BondFacts] = [:]
    private(set) var incomplete: [ImportAudit.Example] = []

    /// Reads `cusip` and, where they are there, `figi`, `maturity` and `offering_amount`.
    init(path: String) throws(FileError) {
        let reader = try CSVReader(path: path)
        let cusip = try reader.requiredColumn("cusip")
        let figi = reader.header.firstIndex(of: "figi")
        let maturity = reader.header.firstIndex(of: "maturity")
        let offering = reader.header.firstIndex(of: "offering_amount")
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                func note(_ problem: String, column: Int) {
                    let text = FileError.quoted(chunk.text(row: row, column: column))
                    incomplete.append(
                        ImportAudit.Example(
                            file: path, line: chunk.line(row: row), text: "\(problem): \(text)"))
                }
                /// What a cell says, nil where it is empty or cannot be used.
                func value<Value>(
                    _ column: Int?, _ problem: String, _ parse: (String) -> Value?
                ) -> Value? {
                    guard let column, !chunk.isMissing(row: row, column: column) else { return nil }
                    if let value = parse(chunk.text(row: row, column: column)) { return value }
                    note(problem, column: column)
                    return nil
                }
                guard let key = PackedCUSIP(chunk.text(row: row, column: cusip)) else {
                    note("not a CUSIP", column: cusip)
                    continue
                }
                var bond = BondFacts()
                bond.figi = figi.map { chunk.text(row: row, column: $0) }
                bond.maturity = value(maturity, "not a date") {
                    CalendarDate($0).map { Int($0.dayNumber) }
                }
                bond.offering = value(offering, "not an amount") { text in
                    Double(text).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
                }
                facts[key] = bond
            }
        }
    }
}
