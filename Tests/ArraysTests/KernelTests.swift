import Arrays
import Foundation
import Testing

/// The vector kernels against the C library's functions in double precision: the polynomials keep
/// the relative error that their header promises, and extremes stay what they are.
@Suite struct KernelTests {
    private let grid: [Double] = (-4_000...4_000).map { Double($0) / 100 } + [-87, 88, 1e-6, -1e-6]

    private func reference(_ function: ElementwiseFunction, _ x: Double) -> Double {
        switch function {
        case .exp: Foundation.exp(x)
        case .log: Foundation.log(x)
        case .squareRoot: x.squareRoot()
        case .tanh: Foundation.tanh(x)
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .relu: max(x, 0)
        case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
        case .geluTanh:
            0.5 * x
                * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: x / (1 + Foundation.exp(-x))
        case .softplus: max(x, 0) + log1p(Foundation.exp(-abs(x)))
        }
    }

    @Test("Float kernels stay close to the C library", arguments: ElementwiseFunction.allCases)
    func accuracy(function: ElementwiseFunction) {
        let positive = function == .log || function == .squareRoot
        let inputs = grid.filter { !positive || $0 > 0 }.map(Float.init)
        let found = NDArray(inputs).map(function).elements
        for (x, y) in zip(inputs, found) {
            let wanted = reference(function, Double(x))
            // Far out, the rounding of x itself is larger than the error of the kernel; the tanh
            // form of GELU loses digits there by its own formula.
            let floor =
                switch function {
                case .geluTanh: 1e-6
                case .gelu: 1e-20
                default: 1e-36
                }
            #expect(
                abs(Double(y) - wanted) <= 2e-6 * abs(wanted) + floor,
                "\(function)(\(x)) is \(y), not \(wanted)")
        }
    }

    @Test("Double kernels are the C library's", arguments: ElementwiseFunction.allCases)
    func double(function: ElementwiseFunction) {
        let positive = function == .log || function == .squareRoot
        let inputs = grid.filter { !positive || $0 > 0 }
        for (x, y) in zip(inputs, NDArray(inputs).map(function).elements) {
            let wanted = reference(function, x)
            #expect(
                abs(y - wanted) <= 1e-13 * abs(wanted) + (function == .geluTanh ? 1e-13 : 1e-30),
                "\(function)(\(x)) is \(y), not \(wanted)")
        }
    }

    @Test("A NaN stays a NaN, so that a training that diverges is noticed")
    func notANumber() {
        for function in ElementwiseFunction.allCases {
            let found = NDArray([Float](repeating: .nan, count: 19)).map(function).elements
            #expect(found.count(where: { !$0.isNaN }) == 0, "\(function)")
        }
    }

    /// A training is the same to the bit wherever its arrays lie in memory.
    @Test("The pinball's sum does not depend on how near the arrays lie to each other")
    func placeInMemory() {
        let levels = 19
        let values = UnsafeMutablePointer<Float>.allocate(capacity: 1_000)
        defer { values.deallocate() }
        var differing = 0
        for trial in 0..<200 {
            // Levels and forecasts, then the derivative closer and closer behind them.
            for index in 0..<levels {
                values[index] = Float(index + 1) / 20
                values[levels + index] = Float((index * 7_919 + trial * 104_729) % 1_009) / 97
            }
            var label = Float(trial % 13) * 0.83
            let totals = [600, 2 * levels, 2 * levels + 5].map { place in
                Float.pinball(
                    forecasts: values + levels, labels: &label, weights: nil, levels: values,
                    scale: 1, derivative: values + place, rows: 1, levelCount: levels)
            }
            if Set(totals).count > 1 { differing += 1 }
        }
        #expect(differing == 0)
    }

    @Test("Extremes saturate")
    func extremes() {
        let far = NDArray<Float>([-.infinity, -1e30, 1e30, .infinity])
        #expect(far.map(.exp).elements == [0, 0, .infinity, .infinity])
        #expect(far.map(.tanh).elements == [-1, -1, 1, 1])
        #expect(far.map(.sigmoid).elements == [0, 0, 1, 1])
        #expect(Array(far.map(.softplus).elements.prefix(3)) == [0, 0, 1e30])
    }
}
