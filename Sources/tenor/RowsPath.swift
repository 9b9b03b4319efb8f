import Bonds
import Datasets
import Files
import Terminal

/// Rows to train on or to score come as a CSV file or a feature store.
enum RowsPath {
    /// Opens a feature store, and warns where a day of it could be missing unnoticed.
    /// - Parameter readsAll: whether every byte is read and checked, which is worth its seconds where
    ///   hours follow.
    static func store(_ path: String, readsAll: Bool = false) throws(FileError) -> FeatureStore {
        let progress = ProgressLine("checking \(path)", unit: "days")
        let store = try FeatureStore(path: path, checksums: readsAll) {
            if readsAll { progress.update(done: $0) }
        }
        if let first = store.unlistedDates.first {
            StandardError.warn(
                "\(path)/shards.json does not name \(store.unlistedDates.count) of its "
                    + "\(store.shards.count) days, the first \(first): tenor features has not come to "
                    + "its end, or did not make them; run it again")
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
