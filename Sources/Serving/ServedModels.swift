import Synchronization

/// The models of the Open Inference Protocol; one may be exchanged while the server runs.
///
/// A request takes the model once, so that its answer has the version of the model that computed it.
public final class ServedModels: Sendable {
    private let models: Mutex<[any TensorModel]>

    public init(_ models: [any TensorModel] = []) {
        self.models = Mutex(models)
    }

    package var all: [any TensorModel] { models.withLock { $0 } }

    package func model(named name: String) -> (any TensorModel)? {
        all.first { $0.name == name }
    }

    /// From now on another model answers in the place of the one of its name.
    public func replace(_ model: any TensorModel) {
        models.withLock { models in
            guard let place = models.firstIndex(where: { $0.name == model.name }) else { return }
            models[place] = model
        }
    }
}
