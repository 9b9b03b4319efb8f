import Files
import Foundation
import Layers

/// How far a run is: `summary.json` of its directory.
public struct RunSummary: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        /// Somebody trains, or was killed while training.
        case training
        /// All steps are done, or patience ran out.
        case finished
        /// Stopped when asked to; it can go on.
        case interrupted
        /// Ended by an error.
        case failed
    }

    public var state: State
    /// Done by all nets.
    public var steps: Int
    /// That all nets may do.
    public var stepsTotal: Int
    /// Spent training, in all processes that did.
    public var seconds: Double
    /// The mean over nets of the best so far, in the target's unit; nil before each was checked.
    public var validationPinball: Double?
    public var parameters: Int
    /// Tells whether the pinballs of two runs are of the same rows, weights and levels; nil in those of
    /// older versions.
    public var validationFingerprint: String?
    /// Of the data, and of the weights that the training went on from.
    var dataFingerprint: String?
    var startFingerprint: String?
    /// What went wrong, where something did.
    public var problem: String?

    enum CodingKeys: String, CodingKey {
        case state, steps, seconds, parameters, problem
        case stepsTotal = "steps_total"
        case validationPinball = "validation_pinball"
        case validationFingerprint = "validation_fingerprint"
        case dataFingerprint = "data_fingerprint"
        case startFingerprint = "start_fingerprint"
    }

    /// Reads the summary of a run; nil where there is none.
    init?(path: String) {
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let summary = try? JSONDecoder().decode(Self.self, from: data)
        else { return nil }
        self = summary
    }

    init(
        _ nets: [NetTraining], of identity: RunIdentity, state: State, seconds: Double = 0,
        validationFingerprint: String? = nil
    ) {
        self.state = state
        self.seconds = seconds
        self.validationFingerprint = validationFingerprint
        dataFingerprint = identity.data
        startFingerprint = identity.start
        steps = nets.reduce(0) { $0 + $1.trainer.step }
        stepsTotal = nets.reduce(0) { $0 + $1.trainer.steps }
        parameters = nets.reduce(0) { $0 + $1.trainer.best.parameterCount }
        let best = nets.reduce(0) { $0 + $1.trainer.bestLoss * $1.lossUnit } / Double(nets.count)
        validationPinball = best.isFinite ? best : nil
    }

    /// Of a training that was refused before it began.
    init(refused problem: String) {
        state = .failed
        (steps, stepsTotal, seconds, parameters) = (0, 0, 0, 0)
        self.problem = problem
    }

    func write(to path: String) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let bytes = Array(try encoder.encode(self))
            try AtomicFile.write(bytes + [UInt8(ascii: "\n")], to: path)
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(.inputOutput, file: path, "the summary cannot be encoded: \(error)")
        }
    }
}
