import Arrays
import Autodiff
import Layers
import Quantiles

/// All that one needs to forecast: networks and everything around them.
///
/// A checkpoint is this, in a file.
public struct QuantileModel: Sendable {
    /// A network with what was fitted to its own training rows.
    public struct Net: Sendable {
        public var inputs: InputTransform
        public var label: LabelScaling
        public var network: QuantileNetwork<Float>

        public init(
            inputs: InputTransform, label: LabelScaling, network: QuantileNetwork<Float>
        ) {
            self.inputs = inputs
            self.label = label
            self.network = network
        }

        /// Quantiles in the target's unit, from inputs that are transformed already.
        ///
        /// Shape: `[row, input]` to `[row, level]`.
        public func forecast(_ inputs: NDArray<Float>) -> NDArray<Float> {
            let rows = inputs.rows
            // A block of all members' rows stays in the cache.
            let block = max(64, 4_096 / network.spec.members)
            if rows <= block {
                return label.unscaled(network(Tensor(inputs), mode: .inference).array)
            }
            let parts = stride(from: 0, to: rows, by: block).map { start in
                network(
                    Tensor(inputs.slice(axis: 0, start..<min(start + block, rows))),
                    mode: .inference
                ).array
            }
            return label.unscaled(.concatenate(parts, axis: 0))
        }
    }

    /// Forecasts are the means of these; all have the same features and levels.
    public var nets: [Net]
    public var target: ForecastTarget
    public var recalibration: Recalibration
    /// What the model was made from, such as the data's name and fingerprint.
    public var provenance: [String: String]

    /// - Precondition: There is a net, and all have the same features and levels.
    public init(
        nets: [Net], target: ForecastTarget = .label,
        recalibration: Recalibration = Recalibration(), provenance: [String: String] = [:]
    ) {
        precondition(
            !nets.isEmpty
                && nets.allSatisfy {
                    $0.network.levels == nets[0].network.levels
                        && $0.inputs.features == nets[0].inputs.features
                }, "QuantileModel: \(nets.count) nets that do not belong together")
        self.nets = nets
        self.target = target
        self.recalibration = recalibration
        self.provenance = provenance
    }

    public var levels: QuantileLevels { nets[0].network.levels }
    public var spec: NetworkSpec { nets[0].network.spec }
    /// The names of the raw features, in the order in which they are expected.
    public var features: [String] { nets[0].inputs.features }
    public var parameterCount: Int { nets.reduce(0) { $0 + $1.network.parameterCount } }

    /// Quantiles of the label, ascending in each row.
    ///
    /// Shape: `[row, feature]` to `[row, level]`; missing cells are NaN.
    /// - Parameter references: What residuals are measured from, where the target is one.
    public func forecast(
        _ features: FeatureMatrix, references: ReferenceRows? = nil
    ) -> NDArray<Float> {
        labels(of: recalibration(uncalibrated(features), levels: levels), references)
    }

    /// Quantiles in the target's unit before recalibration: the mean over the nets, which keeps
    /// the order, because sums of ascending rows ascend in floating point too.
    ///
    /// Shape: `[row, feature]` to `[row, level]`.
    public func uncalibrated(_ features: FeatureMatrix) -> NDArray<Float> {
        mean { nets[$0].forecast(nets[$0].inputs(features)) }
    }

    /// The mean of a forecast of each net, by its index.
    private func mean(_ forecast: (Int) -> NDArray<Float>) -> NDArray<Float> {
        var sum = forecast(0)
        for index in nets.indices.dropFirst() { sum.add(forecast(index)) }
        return nets.count == 1 ? sum : sum.affine(scale: 1 / Float(nets.count))
    }

    private func labels(
        of forecasts: NDArray<Float>, _ references: ReferenceRows?, repeats: Int = 1
    ) -> NDArray<Float> {
        guard target == .residual else { return forecasts }
        guard let references else {
            preconditionFailure("QuantileModel: residuals without their references")
        }
        return references.labels(of: forecasts, repeats: repeats)
    }
}

extension QuantileModel {
    /// What the trunks of the nets say of some states, ready for any number of conditions.
    public struct Codes: Sendable {
        fileprivate let nets: [NDArray<Float>]
        public let rowCount: Int

        /// The codes of some of the states, in the given order.
        public func gathered(_ rows: [Int]) -> Codes {
            Codes(nets: nets.map { $0.gathered(rows) }, rowCount: rows.count)
        }
    }

    /// The features of a state, which come first.
    public var stateCount: Int { features.count - nets[0].inputs.structure.conditions }

    /// Reads states once, for ``forecast(_:conditions:references:)``.
    ///
    /// Shape: `[bond, state feature]`.
    /// - Precondition: The family is two-stage.
    public func codes(states: [Float]) -> Codes {
        let codes = nets.map { net in
            let inputs = states.withUnsafeBufferPointer {
                net.inputs($0, features: 0..<stateCount)
            }
            return net.network.codes(of: inputs)
        }
        return Codes(nets: codes, rowCount: codes[0].rows)
    }

    /// Quantiles of the label of every state under every condition, the conditions of a state
    /// together; ascending in each row.
    ///
    /// Shape: conditions `[variation, condition feature]` to `[bond x variation, level]`.
    /// - Parameter references: One a bond, where the target is a residual.
    /// - Precondition: The family is two-stage.
    public func forecast(
        _ codes: Codes, conditions: [Float], references: ReferenceRows? = nil
    ) -> NDArray<Float> {
        let range = stateCount..<features.count
        let variations = conditions.count / range.count
        let forecasts = mean { index in
            let net = nets[index]
            let inputs = conditions.withUnsafeBufferPointer { net.inputs($0, features: range) }
            return net.label.unscaled(
                net.network.forecasts(codes: codes.nets[index], conditions: inputs))
        }
        return labels(
            of: recalibration(forecasts, levels: levels), references, repeats: variations)
    }
}
