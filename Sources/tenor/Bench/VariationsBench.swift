import Arrays
import Autodiff
import Files
import Layers
import QuantileModels
import Quantiles
import Random

/// What many variations of each bond cost beside one, with the spec `two-stage`.
struct VariationsBench: Encodable {
    let arch = "two-stage"
    let mode = "variations"
    let bonds: Int
    let variations = 40
    let threads: Int
    let params: Int
    /// Median times of pricing all bonds, in one variation each and in all of them.
    let oneMs: Double
    let allMs: Double
    /// All variations over one.
    let ratio: Double

    /// Sizes of the feature stores that `tenor features` makes.
    private static let (states, conditions) = (2_000, 30)

    init(bonds: Int, seconds: Double) throws {
        let stream = RandomStream(seed: 0)
        let layout = InputLayout(
            plain: Self.states + Self.conditions,
            structure: FeatureStructure(conditions: Self.conditions))
        let levels = QuantileLevels.standard
        let network = QuantileNetwork<Float>(
            try Self.spec(), layout: layout, levels: levels, quantiles: levels.values,
            stream: stream.stream("network"))
        func normal(_ rows: Int, _ columns: Int, _ name: String) -> NDArray<Float> {
            var stream = stream.stream(name)
            return NDArray(shape: [rows, columns]) {
                stream.fillNormal(UnsafeMutableBufferPointer(start: $0, count: rows * columns))
            }
        }
        let whole = normal(bonds, layout.count, "rows")
        let states = whole.slice(axis: 1, 0..<Self.states)
        let conditions = normal(variations, Self.conditions, "conditions")
        self.bonds = bonds
        threads = BLAS.threadCount
        params = network.parameterCount
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var times: (one: [Double], all: [Double]) = ([], [])
        // In turn, so that whatever else the machine does falls on both.
        while times.one.count < 6 || clock.now < end {
            let one = clock.measure { _ = network(Tensor(whole), mode: .inference) }
            let all = clock.measure {
                _ = network.forecasts(codes: network.codes(of: states), conditions: conditions)
            }
            times.one.append(one / .milliseconds(1))
            times.all.append(all / .milliseconds(1))
        }
        // The first of each warms up.
        oneMs = Self.median(times.one.dropFirst())
        allMs = Self.median(times.all.dropFirst())
        ratio = allMs / oneMs
    }

    private static func spec() throws -> NetworkSpec {
        let yaml = NetworkSpec.embedded["two-stage"] ?? []
        return try NetworkSpec(
            Settings(yaml: String(decoding: yaml, as: UTF8.self), file: "two-stage"))
    }

    private static func median(_ values: ArraySlice<Double>) -> Double {
        values.sorted()[values.count / 2]
    }
}
