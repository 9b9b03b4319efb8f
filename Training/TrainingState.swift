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
        static let identity = "identity"
        static func prefix(_ net: Int) -> String { "nets.\(net)." }
        static let integers = "progress.integers"
        static let reals = "progress.reals"
        static func optimizer(_ index: Int) -> String { "optimizer.\(index)" }
    }

    /// Writes the state; the one before stays until the new one is complete.
    ///
    /// - Parameter identity: What the training is of; a resume with another one is refused.
    static func save(
        _ nets: [NetTraining], identity: RunIdentity, to path: String
    ) throws(FileError) {
        var tensors: [SafetensorsFile.Tensor] = []
        for (index, net) in nets.enumerated() {
            let (prefix, trainer) = (Key.prefix(index), net.trainer)
            tensors += [
                SafetensorsFile.Tensor(
                    prefix + Key.integers,
                    [
                        trainer.step, trainer.bestStep, trainer.checksSinceBest,
                        trainer.stepsSinceCheck, trainer.optimizer.stepCount,
                    ].map(Int64.init)),
                SafetensorsFile.Tensor(
                    prefix + Key.reals,
                    NDArray([trainer.bestLoss, trainer.lossSum, trainer.normSum])),
            ]
            for (role, network) in trainer.networks {
                tensors += network.parameters.map {
                    SafetensorsFile.Tensor(
                        "\(prefix)\(role).\($0.name)", $0.parameter.tensor.array)
                }
            }
            tensors += trainer.optimizer.state.enumerated().map {
                SafetensorsFile.Tensor(prefix + Key.optimizer($0), $1)
            }
        }
        try SafetensorsFile.write(tensors, metadata: [Key.identity: identity.text], to: path)
    }

    /// What the training of a saved state is of.
    static func identity(in file: SafetensorsFile) -> String {
        file.metadata[Key.identity] ?? ""
    }

    /// Puts a saved state into the nets of the same recipe and data.
    static func restore(
        _ nets: inout [NetTraining], identity: RunIdentity, from run: RunDirectory
    ) throws(FileError) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(path: run.state, checksum: .required)
        } catch {
            guard error.kind == .badData else { throw error }
            var error = error
            error.advice =
                "A damaged state cannot go on; train anew with another --out, from the checkpoint "
                + "\(run.model) with --start where that is whole and of one net"
            throw error
        }
        if let objection = identity.objection(to: self.identity(in: file), of: run.path) {
            throw objection
        }
        var expected: [(String, SafetensorsFile.DType, [Int])] = []
        for (index, net) in nets.enumerated() {
            let prefix = Key.prefix(index)
            expected += [(prefix + Key.integers, .i64, [5]), (prefix + Key.reals, .f64, [3])]
            expected += net.trainer.networks.flatMap { role, network in
                network.parameters.map {
                    ("\(prefix)\(role).\($0.name)", .f32, $0.parameter.shape)
                }
            }
            expected += moments(of: net.trainer, prefix, in: file).map { ($0, .f32, $1) }
        }
        try file.requireExactly(expected)
        for index in nets.indices {
            try restore(&nets[index].trainer, Key.prefix(index), from: file)
        }
    }

    /// The optimizer's arrays with their shapes; before the first step there are none.
    private static func moments(
        of trainer: Trainer, _ prefix: String, in file: SafetensorsFile
    ) -> [(name: String, shape: [Int])] {
        guard file.entry(prefix + Key.optimizer(0)) != nil else { return [] }
        let parameters = trainer.network.parameters
        return (parameters + parameters).enumerated().map {
            (prefix + Key.optimizer($0), $1.parameter.shape)
        }
    }

    private static func restore(
        _ trainer: inout Trainer, _ prefix: String, from file: SafetensorsFile
    ) throws(FileError) {
        let integers = try file.int64s(prefix + Key.integers)
        let reals = try file.doubles(prefix + Key.reals)
        trainer.step = Int(integers[0])
        trainer.bestStep = Int(integers[1])
        trainer.checksSinceBest = Int(integers[2])
        trainer.stepsSinceCheck = Int(integers[3])
        trainer.optimizer.stepCount = Int(integers[4])
        (trainer.bestLoss, trainer.lossSum, trainer.normSum) = (reals[0], reals[1], reals[2])
        trainer.network = try restored(trainer.network, prefix + "network", from: file)
        trainer.average = try restored(trainer.average, prefix + "average", from: file)
        trainer.best = try restored(trainer.best, prefix + "best", from: file)
        var state: [NDArray<Float>] = []
        for (name, _) in moments(of: trainer, prefix, in: file) {
            state.append(try file.array(name))
        }
        trainer.optimizer.state = state
    }

    private static func restored(
        _ network: QuantileNetwork<Float>, _ role: String, from file: SafetensorsFile
    ) throws(FileError) -> QuantileNetwork<Float> {
        var arrays: [NDArray<Float>] = []
        for (name, _) in network.parameters { arrays.append(try file.array("\(role).\(name)")) }
        return network.withParameters(arrays)
    }
}

extension Trainer {
    fileprivate var networks: [(role: String, network: QuantileNetwork<Float>)] {
        [("network", network), ("average", average), ("best", best)]
    }
}
