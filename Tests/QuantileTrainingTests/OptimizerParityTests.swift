import Arrays
import Autodiff
import Foundation
import Layers
import QuantileTraining
import TestSupport
import Testing

/// Optimizers and clipping against PyTorch over 50 steps, fed the same gradients, to 1e-10 of the
/// largest parameter in `Double` and 1e-5 in `Float`.
@Suite struct OptimizerParityTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/optimizers").path

    @Test(arguments: OptimizerCase.all)
    func double(_ optimizer: OptimizerCase) throws {
        #expect(try complaints(about: optimizer, Double.self, tolerance: 1e-10) == [])
    }

    @Test(arguments: OptimizerCase.all)
    func float(_ optimizer: OptimizerCase) throws {
        #expect(try complaints(about: optimizer, Float.self, tolerance: 1e-5) == [])
    }

    @Test("A wrong rule is found: a decay that the reference does not have")
    func canFail() throws {
        let reference = OptimizerCase(rule: .adam, rate: "0.001", decay: "0", clip: "0")
        var wrong = reference
        wrong.rule = .adamW
        wrong.decay = "0.01"
        let found = try complaints(
            about: wrong, named: reference.name, Double.self, tolerance: 1e-10)
        #expect(found.count == 3 * 5, "all three parameters differ at all five steps")
    }

    @Test("The lasso moves what is sparse towards zero after the step of Adam, and no further")
    func lasso() {
        struct Pair: Module {
            var dense = Parameter<Double>(NDArray([0.5, -0.5, 0.012, 0]), decays: false)
            var sparse = Parameter<Double>(
                NDArray([0.5, -0.5, 0.012, 0]), decays: false, isSparse: true)

            mutating func forEachParameter(
                at path: ParameterPath,
                _ body: (ParameterPath, inout Parameter<Double>) throws -> Void
            ) rethrows {
                try body(path.appending("dense"), &dense)
                try body(path.appending("sparse"), &sparse)
            }
        }
        var pair = Pair()
        var adam = AdamW<Double>(lasso: 0.4)
        let gradient = NDArray<Double>([1, 1, 1, 0])
        adam.update(&pair, with: Gradients([gradient, gradient]), learningRate: 0.01)
        // The first step of Adam is the learning rate, against the gradient's sign.
        let expected: [(dense: Double, sparse: Double)] = [
            (0.49, 0.486), (-0.51, -0.506), (0.002, 0), (0, 0),
        ]
        for (index, value) in expected.enumerated() {
            #expect(abs(pair.dense.tensor.array.elements[index] - value.dense) < 1e-9)
            #expect(abs(pair.sparse.tensor.array.elements[index] - value.sparse) < 1e-9)
        }
    }

    @Test("The global norm is PyTorch's")
    func globalNorm() throws {
        let shared = try ParityCase<Double>("shared", fixture: Self.fixture)
        let expected = try shared.gradientNorms()
        let norms = try (0..<expected.count).map { try shared.gradients(at: $0).globalNorm }
        #expect(mismatch(NDArray(norms), from: expected, tolerance: 1e-14) == nil)
        #expect(norms.contains { $0 < 0.5 } && norms.contains { $0 > 1 }, "both limits bind")
    }

    private func complaints<Scalar: Arrays.Scalar>(
        about optimizer: OptimizerCase, named name: String? = nil, _ type: Scalar.Type,
        tolerance: Double
    ) throws -> [String] {
        let shared = try ParityCase<Scalar>("shared", fixture: Self.fixture)
        let reference = try ParityCase<Scalar>(name ?? optimizer.name, fixture: Self.fixture)
        var parameters = Parameters<Scalar>(
            start: try Parameters<Scalar>.names.map { try shared.array("start", $0) },
            decaysBias: optimizer.rule != .adamWMatrices)
        var rule: any Optimizer<Scalar> = optimizer.make()
        let rate = try #require(Double(optimizer.rate))
        let limit = try #require(Double(optimizer.clip))
        var complaints: [String] = []
        for step in 1...50 {
            let gradients = try shared.gradients(at: step - 1)
            rule.update(
                &parameters, with: gradients, learningRate: rate,
                gradientScale: Gradients<Scalar>.clippingFactor(
                    norm: gradients.globalNorm, limit: limit > 0 ? limit : nil))
            guard let snapshot = [1, 2, 5, 20, 50].firstIndex(of: step) else { continue }
            for (name, parameter) in parameters.parameters {
                let expected = try reference.row(snapshot, of: "trajectory", name)
                mismatch(parameter.tensor.array, from: expected, tolerance: tolerance)
                    .map { complaints.append("\(name) after step \(step): \($0)") }
            }
        }
        return complaints
    }
}

/// The schedules against PyTorch's, at every one of 50 steps and so at both ends.
@Suite struct ScheduleParityTests {
    @Test(
        arguments: [
            ("constant", Schedule(.constant, peak: 0.02, steps: 50)),
            ("cosine", Schedule(.cosine, peak: 0.02, steps: 50)),
            ("warm_up", Schedule(.constant, peak: 0.02, steps: 50, warmUp: 8)),
            ("warm_up_cosine", Schedule(.cosine, peak: 0.02, steps: 50, warmUp: 8)),
            ("one_cycle", Schedule(.oneCycle, peak: 0.02, steps: 50)),
        ])
    func rates(name: String, schedule: Schedule) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/schedules.f64.safetensors").path
        let expected: NDArray<Double> = try SafetensorsFile(path: path).array(name)
        #expect(expected.count == 50)
        let rates = NDArray((0..<50).map(schedule.rate(at:)))
        #expect(mismatch(rates, from: expected, tolerance: 1e-14) == nil)
        // The last rates are tiny beside the peak: they are compared by themselves too.
        let ends = (expected.elements[49], rates.elements[49])
        #expect(abs(ends.0 - ends.1) <= 1e-9 * ends.0)
    }
}

/// One combination of the fixture's grid.
struct OptimizerCase: Sendable, CustomTestStringConvertible {
    enum Rule: String, CaseIterable, Sendable {
        case sgd, momentum, adam
        case adamW = "adamw"
        case adamWMatrices = "adamw_matrices"
    }

    var rule: Rule
    var rate: String
    var decay: String
    /// The largest global norm; zero for none.
    var clip: String

    var name: String { "\(rule.rawValue)_rate\(rate)_decay\(decay)_clip\(clip)" }
    var testDescription: String { name }

    static let all: [OptimizerCase] = Rule.allCases.flatMap { rule in
        let decays = [.adamW, .adamWMatrices].contains(rule) ? ["0.01", "0.3"] : ["0"]
        return ["0.001", "0.02", "0.1"].flatMap { rate in
            decays.flatMap { decay in
                ["0", "0.5", "1"].map {
                    OptimizerCase(rule: rule, rate: rate, decay: decay, clip: $0)
                }
            }
        }
    }

    func make<Scalar: Arrays.Scalar>() -> any Optimizer<Scalar> {
        switch rule {
        case .sgd: SGD()
        case .momentum: SGD(momentum: 0.9)
        case .adam, .adamW, .adamWMatrices: AdamW(weightDecay: Double(decay) ?? .nan)
        }
    }
}

/// Three parameters and nothing to compute with them.
private struct Parameters<Scalar: Arrays.Scalar>: Module {
    static var names: [String] { ["weight", "bias", "out"] }

    var weight: Parameter<Scalar>
    var bias: Parameter<Scalar>
    var out: Parameter<Scalar>

    init(start: [NDArray<Scalar>], decaysBias: Bool) {
        weight = Parameter(start[0], decays: true)
        bias = Parameter(start[1], decays: decaysBias)
        out = Parameter(start[2], decays: true)
    }

    mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("weight"), &weight)
        try body(path.appending("bias"), &bias)
        try body(path.appending("out"), &out)
    }
}

extension ParityCase {
    /// One step of an array whose first axis is the step.
    fileprivate func row(_ index: Int, of role: String, _ tensor: String) throws
        -> NDArray<Element>
    {
        let all = try array(role, tensor)
        return all.slice(axis: 0, index..<index + 1).reshaped(to: Array(all.shape.dropFirst()))
    }

    fileprivate func gradients(at step: Int) throws -> Gradients<Element> {
        Gradients(
            try Parameters<Element>.names.map { try row(step, of: "gradient", $0) })
    }

    fileprivate func gradientNorms() throws -> NDArray<Element> {
        try array("gradient", "global_norm")
    }
}
