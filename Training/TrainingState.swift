import Arrays
import Autodiff
import Files
import Layers
import QuantileModels

/// Everything that a bit-exact resume needs, in one safetensors file.
///
/// Random streams have no state of their own: they are functions of the seed and the step.
enum TrainingState {
    private enum Key {
        static let integers = "progress.integers"
        static let reals = "progress.reals"
        static let identity = "identity"
        static func optimizer(_ index: Int) -> String { "optimizer.\(index)" }
    }

    /// Writes the state; the one before stays until the new one is complete.
    ///
    /// - Parameter identity: What the training is of; a resume with another one is refused.
    static func save(_ trainer: Trainer, identity: String, to path: String) throws(FileError) {
        var tensors = [
            SafetensorsFile.Tensor(
                Key.integers,
                [
                    trainer.step, trainer.bestStep, trainer.checksSinceBest,
                    trainer.stepsSinceCheck, trainer.optimizer.stepCount,
                ].map(Int64.init)),
            SafetensorsFile.Tensor(
                Key.reals, NDArray([trainer.bestLoss, trainer.lossSum, trainer.normSum])),
        ]
        for (role, network) in trainer.networks {
            tensors += network.parameters.map {
                SafetensorsFile.Tensor("\(role).\($0.name)", $0.parameter.tensor.array)
            }
        }
        tensors += trainer.optimizer.state.enumerated().map {
            SafetensorsFile.Tensor(Key.optimizer($0), $1)
        }
        try SafetensorsFile.write(tensors, metadata: [Key.identity: identity], to: path)
    }

    /// Puts a saved state into a trainer of the same recipe and data.
    static func restore(
        _ trainer: inout Trainer, identity: String, from path: String
    ) throws(FileError) {
        let file = try SafetensorsFile(path: path, checksum: .required)
        let saved = file.metadata[Key.identity] ?? ""
        guard saved == identity else {
            throw FileError(
                .badData, file: path, "the run was started with another recipe or other data",
                expected: difference(saved, identity).saved,
                found: difference(saved, identity).now,
                advice: "Resume with what it was started with, or choose another --out")
        }
        let parameters = trainer.network.parameters
        // Before the first step the optimizer has no moments.
        let moments =
            file.entry(Key.optimizer(0)) == nil
            ? []
            : (parameters + parameters).enumerated().map {
                (Key.optimizer($0), $1.parameter.shape)
            }
        try file.requireExactly(
            [(Key.integers, .i64, [5]), (Key.reals, .f64, [3])]
                + trainer.networks.flatMap { role, network in
                    network.parameters.map { ("\(role).\($0.name)", .f32, $0.parameter.shape) }
                } + moments.map { ($0, .f32, $1) })
        let integers = try file.int64s(Key.integers)
        let reals = try file.doubles(Key.reals)
        trainer.step = Int(integers[0])
        trainer.bestStep = Int(integers[1])
        trainer.checksSinceBest = Int(integers[2])
        trainer.stepsSinceCheck = Int(integers[3])
        trainer.optimizer.stepCount = Int(integers[4])
        (trainer.bestLoss, trainer.lossSum, trainer.normSum) = (reals[0], reals[1], reals[2])
        trainer.network = try restored(trainer.network, "network", from: file)
        trainer.average = try restored(trainer.average, "average", from: file)
        trainer.best = try restored(trainer.best, "best", from: file)
        var state: [NDArray<Float>] = []
        for (name, _) in moments { state.append(try file.array(name)) }
        trainer.optimizer.state = state
    }

    private static func restored(
        _ network: QuantileNetwork<Float>, _ role: String, from file: SafetensorsFile
    ) throws(FileError) -> QuantileNetwork<Float> {
        var arrays: [NDArray<Float>] = []
        for (name, _) in network.parameters { arrays.append(try file.array("\(role).\(name)")) }
        return network.withParameters(arrays)
    }

    /// The first line in which two texts differ.
    private static func difference(_ a: String, _ b: String) -> (saved: String, now: String) {
        let lines = { (text: String) in
            text.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }
        }
        let (left, right) = (lines(a), lines(b))
        for index in 0..<max(left.count, right.count) {
            let saved = index < left.count ? "'\(left[index])'" : "nothing"
            let now = index < right.count ? "'\(right[index])'" : "nothing"
            if saved != now { return (saved, now) }
        }
        return ("the same", "the same")
    }
}

extension Trainer {
    fileprivate var networks: [(role: String, network: QuantileNetwork<Float>)] {
        [("network", network), ("average", average), ("best", best)]
    }
}
