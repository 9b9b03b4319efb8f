import Bonds
import Features
import Files
import Foundation

/// The states of a market's feature engine at ends of days, in a folder of their own: so that a
/// moment in the past costs a day's replay, not all days before it.
public struct EngineStates: Sendable {
    private static let suffix = ".state"
    private let folder: String
    /// Told of a state that cannot be used.
    let onRefusal: @Sendable (FileError) -> Void

    /// - Parameter onRefusal: told of a state that is damaged, or of other bonds or features; an
    ///   older one is used in its place, and it is made anew.
    /// - Throws: `FileError` where the folder cannot be made.
    public init(
        folder: String, onRefusal: @escaping @Sendable (FileError) -> Void = { _ in }
    ) throws(FileError) {
        self.folder = folder
        self.onRefusal = onRefusal
        try Folder.make(folder)
    }

    /// The newest state of a moment that is not after a time: all that became known strictly
    /// before `end` is in it.
    func newest(notAfter time: Int64) throws(FileError) -> (path: String, end: Int64)? {
        var newest: (path: String, end: Int64)?
        for name in try names() {
            guard let day = CalendarDate(String(name.dropLast(Self.suffix.count))) else { continue }
            let end = Self.end(of: day)
            if end <= time, newest.map({ $0.end < end }) ?? true {
                newest = (folder + "/" + name, end)
            }
        }
        return newest
    }

    func has(_ day: CalendarDate) -> Bool {
        FileManager.default.fileExists(atPath: path(day))
    }

    func write(_ snapshot: FeatureSnapshot, of day: CalendarDate) throws(FileError) {
        try snapshot.write(to: path(day))
    }

    /// The midnight in New York with which a day ends.
    static func end(of day: CalendarDate) -> Int64 {
        EasternTime.nanoseconds(day + 1, timeOfDay: 0)
    }

    private func path(_ day: CalendarDate) -> String { folder + "/\(day)" + Self.suffix }

    private func names() throws(FileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { !$0.hasPrefix(".") && $0.hasSuffix(Self.suffix) }
        } catch {
            throw FileError(.inputOutput, file: folder, "cannot be read: \(error)")
        }
    }
}
