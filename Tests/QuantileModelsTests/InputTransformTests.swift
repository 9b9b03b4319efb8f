import Arrays
import QuantileModels
import Random
import Testing

@Suite struct InputTransformTests {
    private func column(_ values: [Float], name: String = "x") -> FeatureMatrix {
        FeatureMatrix(names: [name], values: values)
    }

    private func transformed(
        _ values: [Float], fittedTo training: [Float], _ kind: InputTransform.Kind
    ) -> [Float] {
        InputTransform(fitting: kind, to: column(training))(column(values)).elements
    }

    @Test("Standard: mean 0 and deviation 1 of the training rows, by hand")
    func standardByHand() {
        // Mean 5, deviation 2 (of the population).
        let training: [Float] = [2, 4, 4, 4, 5, 5, 7, 9]
        #expect(transformed([5, 9, 1], fittedTo: training, .standard) == [0, 2, -2])
    }

    @Test("Quantile-normal: a value's middle rank as a quantile of the normal, by hand")
    func quantileNormalByHand() {
        // Middle ranks 1/8, 3/8, 3/4 (twice); halfway between two knots is the middle of both.
        let (a, b, c) = (Float(-1.1503494), Float(-0.3186394), Float(0.6744898))
        let found = transformed([10, 20, 40, 30, 15], fittedTo: [20, 40, 10, 40], .quantileNormal)
        for (value, expected) in zip(found, [a, b, c, (b + c) / 2, (a + b) / 2]) {
            #expect(abs(value - expected) < 1e-5)
        }
    }

    @Test("Both transforms, ties and missing cells agree with numpy and scipy")
    func reference() throws {
        for column in try Reference.load().columns {
            let matrix = { (cells: [Float?]) in
                FeatureMatrix(names: [column.name], values: cells.map { $0 ?? .nan })
            }
            for (kind, expected) in [
                (InputTransform.Kind.standard, column.standard),
                (.quantileNormal, column.quantileNormal),
            ] {
                let transform = InputTransform(fitting: kind, to: matrix(column.train))
                let out = transform(matrix(column.new)).elements
                let hasMissing = column.train.contains(nil)
                let width = hasMissing ? 2 : 1
                #expect(transform.inputCount == width)
                for (row, value) in expected.enumerated() {
                    let error = abs(Double(out[row * width]) - value)
                    #expect(error < 2e-5 * max(1, abs(value)), "\(column.name) \(kind) row \(row)")
                    if hasMissing { #expect(out[row * 2 + 1] == column.missing[row]) }
                }
            }
        }
    }

    @Test("Piecewise-linear: positions among training quantiles, then soft-clipped numbers")
    func piecewiseLinear() {
        // 240 rows allow 20 bins; 0...239 has its quantiles at multiples of 11.95.
        let training = FeatureMatrix(
            names: ["even", "constant", "binary"],
            values: (0..<240).flatMap { [Float($0), 7, Float($0 % 2)] })
        let transform = InputTransform(fitting: .piecewiseLinear, to: training, bins: 20)
        #expect(transform.layout.binStarts == [0, 20, 22])
        #expect(transform.layout.plain == 2 && transform.inputCount == 4)
        let out = transform(
            FeatureMatrix(
                names: training.names, values: [11.95 * 2.5, 7, 1, -5, 0, .nan, 999, 7, 0])
        ).elements
        for (found, expected) in zip([out[0], out[1], out[4], out[8]], [2.5, 2, 0, 20]) {
            #expect(abs(found - Float(expected)) < 1e-4)
        }
        // A missing cell takes the training median, here the lower of two.
        #expect(out[5] == 0)
        let deviation = ((240.0 * 240 - 1) / 12).squareRoot()
        let z = (11.95 * 2.5 - 119.5) / deviation
        #expect(abs(Double(out[2]) - z / (1 + z * z / 9).squareRoot()) < 1e-5)
        #expect(out[10] < 3.0001 && out[6] > -3.0001)
        // Never fewer than 16 bins where values allow, and fewer for few rows than for many.
        let small = InputTransform(
            fitting: .piecewiseLinear,
            to: column((0..<50).map(Float.init)), bins: 128)
        #expect(small.layout.binStarts == [0, 16])
    }

    @Test("Clipped: every feature in its place, numbers standardised and cut, zeros and ones kept")
    func clipped() {
        let training = FeatureMatrix(
            names: ["x", "flag", "constant", "always"],
            values: [
                2, 0, 7, 1, 4, 1, 7, 1, 4, 0, 7, 1, 4, 0, 7, 1, 5, 1, 7, 1, 5, 0, 7, 1, 7, 0, 7,
            ]
                + [1, 9, 1, 7, 1])
        let transform = InputTransform(fitting: .clipped, to: training)
        #expect(transform.inputCount == 4)
        let rows: [Float] = [9, 1, 7, 1, 1_000, 0, 8, 0, .nan, .nan, .nan, .nan]
        let out = transform(FeatureMatrix(names: training.names, values: rows)).elements
        #expect(out == [2, 1, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0])
        let part = Array(rows[0..<2] + rows[4..<6]).withUnsafeBufferPointer {
            transform($0, features: 0..<2).elements
        }
        #expect(part == [2, 1, 5, 0])
    }

    @Test("A missing cell takes the training median, and a column says where it was")
    func missing() {
        let training = FeatureMatrix(
            names: ["a", "b", "c"],
            values: [
                1, 5, .nan,
                .nan, 6, .nan,
                3, 7, .nan,
                8, 8, .nan,
            ])
        let transform = InputTransform(fitting: .standard, to: training)
        // a, the flag of a, b; c has nothing to offer.
        #expect(transform.inputCount == 3)
        #expect(transform.uses[2] == "constant in training, not used")
        let rows = FeatureMatrix(
            names: ["a", "b", "c"], values: [.nan, .nan, 5, 3, 6, .nan])
        let out = transform(rows).elements
        #expect(out[0] == out[3], "a's median of 1, 3, 8")
        #expect((out[1], out[4]) == (1, 0))
        #expect(out[2] == out[5], "b's lower median, although b was never missing in training")
    }

    @Test("A constant feature is left out, but not where it was missing at times")
    func constant() {
        let training = FeatureMatrix(
            names: ["constant", "varies", "gaps"],
            values: [4, 1, 7, 4, 2, .nan, 4, 3, 7])
        let transform = InputTransform(fitting: .quantileNormal, to: training)
        #expect(transform.inputCount == 2)
        #expect(transform.uses[0] == "constant in training, not used")
        let out = transform(
            FeatureMatrix(names: training.names, values: [9, 2, .nan, 9, 2, 7]))
        #expect(out.elements == [0, 1, 0, 0], "the flag of 'gaps' is its only input")
    }

    @Test(
        "A feature of any scale counts as one, also a tiny one",
        arguments: [InputTransform.Kind.standard, .quantileNormal, .clipped])
    func tinyScale(_ kind: InputTransform.Kind) {
        let small = transformed([1e-12, 2e-12], fittedTo: [1e-12, 2e-12, 3e-12], kind)
        let plain = transformed([1, 2], fittedTo: [1, 2, 3], kind)
        #expect(small.count == 2)
        for (a, b) in zip(small, plain) { #expect(abs(a - b) < 1e-5) }
    }

    @Test("Values whose deviation single precision cannot divide by are constant")
    func subnormalDeviation() {
        let values: [Float] = [0, .leastNonzeroMagnitude, 0, 0]
        #expect(InputTransform(fitting: .standard, to: column(values)).inputCount == 0)
    }

    @Test(
        "Whatever is scored gives finite inputs, in the order of the values",
        arguments: [InputTransform.Kind.standard, .quantileNormal, .clipped])
    func extrapolation(_ kind: InputTransform.Kind) {
        var random = RandomStream(seed: 3)
        let training = (0..<3_000).map { _ in Float(0.01 * random.normal()) }
        let limit = Float.greatestFiniteMagnitude
        let values =
            [-limit, -1e30, -1e6, -1, 0, 1, 1e6, 1e30, limit]
            + (0..<2_000).map { _ in Float(0.02 * random.normal()) }
        let sorted = values.sorted()
        let out = transformed(sorted, fittedTo: training, kind)
        #expect(out.allSatisfy { $0.isFinite })
        for (low, high) in zip(out, out.dropFirst()) { #expect(low <= high + 1e-6) }
        if kind == .quantileNormal {
            #expect(out.allSatisfy { abs($0) < 5 }, "at most one beyond the outermost knots")
            let share = out.count(where: { $0 < 0 })
            #expect(abs(Double(share) / Double(out.count) - 0.5) < 0.05)
        }
    }

    @Test("With more rows than knots the curve still follows the ranks")
    func manyRows() {
        let training = (0..<20_000).map { Float($0) }
        let out = transformed([9_999.5, 1_999.5, 17_999.5], fittedTo: training, .quantileNormal)
        for (value, expected) in zip(out, [0, normalQuantile(0.1), normalQuantile(0.9)]) {
            #expect(abs(Double(value) - expected) < 1e-3)
        }
    }
}
