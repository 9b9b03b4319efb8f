import Bonds
import Datasets
import Files

/// Rows to train on or to score come as a CSV file or a feature store.
enum RowsPath {
    /// - Throws: `FileError` where a path is another folder, with what to do about it.
    static func check(_ path: String) throws(FileError) {
        guard MarketFolder.isFolder(path), !FeatureStore.isStore(path) else { return }
        let isMarket = try MarketFolder.path(of: "bonds", in: path) != nil
        throw FileError(
            isMarket ? .badData : .missing, file: path,
            isMarket
                ? "a market folder, whose trades are no rows yet"
                : "this folder is no feature store",
            expected: "a CSV file, or a folder that tenor features made",
            advice: isMarket
                ? "Make vectors of it with 'tenor features --market \(path) --out store'"
                : "Name the store or the file")
    }
}
