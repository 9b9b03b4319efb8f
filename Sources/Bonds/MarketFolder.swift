import Files
import Foundation

/// The folder in which a market lies: one CSV file a table, plain or gzip.
public enum MarketFolder {
    /// The file of a table, nil where there is none.
    /// - Parameter table: the name without its ending: `bonds` for `bonds.csv` and `bonds.csv.gz`.
    /// - Throws: `FileError` where it is there both packed and not.
    public static func path(
        of table: String, in folder: String
    ) throws(FileError) -> String? {
        let path = plainPath(of: table, in: folder)
        let found = [path, path + ".gz"].filter { FileManager.default.fileExists(atPath: $0) }
        if found.count > 1 {
            throw FileError(
                .badData, file: path, "the table is there twice, as .csv and as .csv.gz",
                advice: "Remove the one that is out of date")
        }
        return found.first
    }

    /// Where a table is written, and what an error names where it is missing.
    public static func plainPath(of table: String, in folder: String) -> String {
        folder + "/" + table + ".csv"
    }
}
