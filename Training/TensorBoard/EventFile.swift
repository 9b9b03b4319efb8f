import Files
import Foundation
import SwiftProtobuf
import Synchronization

/// A file of scalars by step that TensorBoard shows; it appears with the first of them.
///
/// A run that goes on starts another file, which tells TensorBoard to forget what the one before
/// says of later steps.
package final class EventFile: Sendable {
    private let folder: String
    private let firstStep: Int
    /// The file, where there is one yet.
    private let path = Mutex<String?>(nil)

    /// - Parameter firstStep: Steps done before.
    package init(folder: String, firstStep: Int) {
        self.folder = folder
        self.firstStep = firstStep
    }

    /// Adds the values of a step, by their tags.
    package func append(
        _ values: KeyValuePairs<String, Double>, step: Int
    ) throws(FileError) {
        var summary = Tensorboard_Summary()
        for (tag, value) in values {
            var entry = Tensorboard_Summary.Value()
            entry.tag = tag
            entry.simpleValue = Float(value)
            summary.value.append(entry)
        }
        let bytes = try framed(event(.summary(summary), step: step))
        let known = path.withLock { $0 }
        if let known { return try JournalFile.append(bytes, to: known) }
        let path = try start()
        try JournalFile.append(bytes, to: path)
        self.path.withLock { $0 = path }
    }

    /// Makes the file, with what its first events say.
    private func start() throws(FileError) -> String {
        try Folder.make(folder)
        // TensorBoard reads the files of a folder in the order of their names.
        let time = Int(Date().timeIntervalSince1970 * 1_000)
        let path = "\(folder)/events.out.tfevents.\(time).tenor"
        var bytes = try framed(event(.fileVersion("brain.Event:2"), step: 0))
        if firstStep > 0 {
            var start = Tensorboard_SessionLog()
            start.status = .start
            bytes += try framed(event(.sessionLog(start), step: firstStep + 1))
        }
        try JournalFile.append(bytes, to: path)
        return path
    }

    private func event(_ what: Tensorboard_Event.OneOf_What, step: Int) -> Tensorboard_Event {
        var event = Tensorboard_Event()
        event.wallTime = Date().timeIntervalSince1970
        event.step = Int64(step)
        event.what = what
        return event
    }

    private func framed(_ event: Tensorboard_Event) throws(FileError) -> [UInt8] {
        do {
            return RecordFraming.frame(try event.serializedBytes())
        } catch {
            throw FileError(.inputOutput, file: folder, "an event cannot be encoded: \(error)")
        }
    }
}
