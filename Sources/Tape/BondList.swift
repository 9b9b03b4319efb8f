import Bonds
import Files

/// What an import needs of `bonds.csv`.
struct BondList {
    private(set) var facts: [PackedCUSIP: BondFacts] = [:]

    /// Reads `cusip` and, where they are there, `figi`, `maturity` and `offering_amount`.
    init(path: String) throws(FileError) {
        let reader = try CSVReader(path: path)
        let cusip = try reader.requiredColumn("cusip")
        let figi = reader.header.firstIndex(of: "figi")
        let maturity = reader.header.firstIndex(of: "maturity")
        let offering = reader.header.firstIndex(of: "offering_amount")
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                guard let key = PackedCUSIP(chunk.text(row: row, column: cusip)) else {
                    throw chunk.error(
                        row: row, column: cusip, "not a CUSIP", expected: "nine characters")
                }
                var bond = BondFacts()
                bond.figi = figi.map { chunk.text(row: row, column: $0) }
                bond.offering = offering.flatMap { chunk.number(row: row, column: $0) }
                if let maturity, !chunk.isEmpty(row: row, column: maturity) {
                    guard let day = CalendarDate(chunk.text(row: row, column: maturity)) else {
                        throw chunk.error(
                            row: row, column: maturity, "not a date", expected: "YYYY-MM-DD")
                    }
                    bond.maturity = Int(day.dayNumber)
                }
                facts[key] = bond
            }
        }
    }
}
