import Arrays
import Autodiff
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random
import TestSupport
import Testing

/// The head against PyTorch: quantiles and their derivatives, with the median in the middle, off
/// the middle and at the end of the levels.
@Suite struct NonCrossingHeadParityTests {
    private static let cases: [(String, [Double])] = [
        ("standard", QuantileLevels.standard.values),
        ("lopsided", [0.3, 0.5, 0.7, 0.8, 0.9]),
        ("upper", [0.5, 0.7, 0.9]),
    ]

    @Test(arguments: cases)
    func double(name: String, levels: [Double]) throws {
        #expect(try complaints(name, levels, Double.self, tolerance: 1e-10) == [])
    }

    @Test(arguments: cases)
    func float(name: String, levels: [Double]) throws {
        #expect(try complaints(name, levels, Float.self, tolerance: 1e-5) == [])
    }

    @Test("The median at another level is found")
    func canFail() throws {
        let levels = [0.1, 0.2, 0.5, 0.8, 0.9]
        #expect(try complaints("lopsided", levels, Double.self, tolerance: 1e-10).count == 2)
    }

    private func complaints<Scalar: Arrays.Scalar>(
        _ name: String, _ levels: [Double], _ type: Scalar.Type, tolerance: Double
    ) throws -> [String] {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/head").path
        var head = NonCrossingHead<Scalar>(
            inputs: levels.count, levels: try QuantileLevels(levels), quantiles: levels,
            stream: RandomStream(seed: 1))
        // The raw numbers come from the fixture, so the linear map in front is the identity.
        let count = levels.count
        let identity = (0..<count * count).map { $0 % (count + 1) == 0 ? Scalar(1) : 0 }
        var linear = Dense<Scalar>(
            inputs: count, outputs: count, bias: .zeros, stream: RandomStream(seed: 1))
        linear.weight.tensor = Tensor(NDArray(identity, shape: [count, count]))
        head.linear = linear
        return try ParityCase<Scalar>(name, fixture: fixture).complaints(tolerance: tolerance) {
            ["quantiles": head(try #require($0["raw"]), mode: .inference)]
        }
    }
}
