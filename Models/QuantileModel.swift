import Arrays
import Autodiff
import Layers
import Quantiles

/// All that one needs to forecast: the network and everything around it.
///
/// A checkpoint is this, in a file.
public struct QuantileModel: Sendable {
    public var inputs: InputTransform
    public var label: LabelScaling
    public var network: QuantileNetwork<Float>
    public var recalibration: Recalibration
    /// What the model was made from, such as the data's name and fingerprint.
    public var provenance: [String: String]

    public init(
        inputs: InputTransform, label: LabelScaling, network: QuantileNetwork<Float>,
        recalibration: Recalibration = Recalibration(), provenance: [String: String] = [:]
    ) {
        self.inputs = inputs
        self.label = label
        self.network = network
        self.recalibration = recalibration
        self.provenance = provenance
    }

    public var levels: QuantileLevels { network.levels }

    /// Quantiles of the label, ascending in each row.
    ///
    /// Shape: `[row, feature]` to `[row, level]`; missing cells are NaN.
    public func forecast(_ features: FeatureMatrix) -> NDArray<Float> {
        recalibration(uncalibrated(inputs(features)))
    }

    /// Quantiles of the label before recalibration, from inputs that are transformed already.
    ///
    /// Shape: `[row, input]` to `[row, level]`.
    public func uncalibrated(_ inputs: NDArray<Float>) -> NDArray<Float> {
        label.unscaled(network(Tensor(inputs), mode: .inference).array)
    }
}
