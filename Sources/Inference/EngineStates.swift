import Arrays
import Bonds
import Features
import Files
import Foundation

/// The states of a market's feature engine at ends of days, in a folder of their own: so that a
/// moment in the past costs a day's replay, not all days before it.
///
/// A state is bound to what the market folder said up to its day; one whose past has changed since
/// is not used.
public struct EngineStates: Sendable {
    /// A state that is there.
    struct State: Sendable {
        let path: String
        /// The day at whose end it is.
        let day: CalendarDate
        /// All that became known strictly before it is in the state.
        var end: Int64 { EngineStates.end(of: day) }
    }

    private static let suffix = ".state"
    private static let marketKey = "market"
    private let folder: String
    /// Told of a state that cannot be used.
    let onRefusal: @Sendable (FileError) -> Void

    /// - Parameter onRefusal: told of a state that is damaged, or of other bonds, features or of
    ///   another past; an older one is used in its place, and it is made anew.
    /// - Throws: `FileError` where the folder cannot be made.
    public init(
        folder: String, onRefusal: @escaping @Sendable (FileError) -> Void = { _ in }
    ) throws(FileError) {
        self.folder = folder
        self.onRefusal = onRefusal
        try Folder.make(folder)
    }

    /// The newest state of a moment that is not after a time.
    func newest(notAfter time: Int64) throws(FileError) -> State? {
        var newest: State?
        for name in try names() {
            guard let day = CalendarDate(String(name.dropLast(Self.suffix.count))),
                Self.end(of: day) <= time, newest.map({ $0.day < day }) ?? true
            else { continue }
            newest = State(path: path(day), day: day)
        }
        return newest
    }

    /// The digest of the market that a state was made of; nil where it does not tell.
    func digest(of state: State) throws(FileError) -> String? {
        try SafetensorsFile(path: state.path, checksum: .unchecked).metadata[Self.marketKey]
    }

    func has(_ day: CalendarDate) -> Bool {
        FileManager.default.fileExists(atPath: path(day))
    }

    /// Keeps the state of a day.
    /// - Parameter digest: of the market up to its end.
    func write(
        _ snapshot: FeatureSnapshot, of day: CalendarDate, digest: String
    ) throws(FileError) {
        var snapshot = snapshot
        snapshot.metadata[Self.marketKey] = digest
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
