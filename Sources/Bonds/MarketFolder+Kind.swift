import Files
import Foundation

extension MarketFolder {
    /// Whether a path is a folder at all.
    public static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// Whether a market is simulated; every report that is made from one says so.
    ///
    /// It is where the truth is there (`truth.csv`) or `manifest.json` says `"simulated": true`.
    public static func isSimulated(_ folder: String) throws(FileError) -> Bool {
        if try path(of: "truth", in: folder) != nil { return true }
        let path = folder + "/manifest.json"
        guard FileManager.default.fileExists(atPath: path) else { return false }
        let bytes = try FileContents.bytes(of: path)
        struct Manifest: Decodable {
            var simulated: Bool?
        }
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(bytes)) else {
            throw FileError(
                .badData, file: path, "not a manifest", expected: "a JSON object",
                advice: "Remove it, or write the folder again")
        }
        return manifest.simulated ?? false
    }
}
