import Bonds
import Datasets
import Files
import Terminal

/// Rows to train on or to score come as a CSV file or a feature store.
enum RowsPath {
    /// Opens a feature store, and warns where a day of it could be missing unnoticed.
    /// - Parameter checksums: whether every byte is read and checked.
    static func store(_ path: String, checksums: Bool = false) throws(FileError) -> FeatureStore {
        let store = try FeatureStore(path: path, checksums: checksums)
        if !store.isListed {
            StandardError.warn(
                "\(path) has no list of its shards: tenor features has not come to its end, or the "
                    + "list is lost; run it again, or a day that is missing is not noticed")
        }
        return store
    }

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
