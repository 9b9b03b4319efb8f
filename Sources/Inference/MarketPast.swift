import Bonds
import Features
import Files
import Tape

/// What a market folder says of its past: a state that was made of it fits as long as this stays the
/// same. Rows of later days change nothing.
struct MarketPast: Sendable {
    /// Of every table but the trades.
    private let tables: DailyDigest

    /// Reads the tables; they are small beside the tape.
    init(market folder: String) throws(FileError) {
        var tables = DailyDigest()
        for input in FeatureInput.all where input.isRead && input.table != "trades" {
            if let path = try MarketFolder.path(of: input.table, in: folder) {
                // The date of a call is of the future, and known from the first day on.
                try Self.add(path, isDated: input.table != "calls", to: &tables)
            }
        }
        self.tables = tables
    }

    /// The digest of what was known at the end of a day.
    func digest(through day: CalendarDate, trades: DailyDigest) -> String {
        String(
            DailyDigest.joined(tables.value(through: day), trades.value(through: day)), radix: 16)
    }

    /// Takes in a table by its days; where it has none, as what holds for all days.
    private static func add(
        _ path: String, isDated: Bool, to tables: inout DailyDigest
    ) throws(FileError) {
        let reader = try CSVReader(path: path)
        let columns = Array(reader.header.indices)
        let timeColumn = reader.header.firstIndex(of: "time")
        let dateColumn = isDated ? reader.header.firstIndex(of: "date") : nil
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                let time = timeColumn.flatMap { chunk.integer(row: row, column: $0) }
                let date = dateColumn.flatMap {
                    CalendarDate(chunk.text(row: row, column: $0))
                }
                tables.add(
                    chunk.digest(row: row, columns: columns),
                    on: time.map(EasternTime.date) ?? date)
            }
        }
    }
}
