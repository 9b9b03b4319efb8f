import Foundation
import Random
import Testing

/// Protects the quantiles that a simulated market's truth is made of.
@Suite struct StudentDistributionTests {
    struct Reference: Sendable {
        let degrees: Double
        /// The quantiles at 1e-12, 1e-4, 0.01, 0.2, 0.4999 and 0.75.
        let quantiles: [Double]
        /// The probabilities of at most -40, -1.5, -0.01 and 2.
        let probabilities: [Double]
    }

    static let levels = [1e-12, 1e-4, 0.01, 0.2, 0.4999, 0.75]

    /// SciPy 1.17.1's `t.ppf` and `t.cdf`.
    static let references = [
        Reference(
            degrees: 2,
            quantiles: [
                -707106.7811854869, -70.70007107496428, -6.964556734283274, -1.060660171779821,
                -0.0002828427181314423, 0.8164965809277261,
            ],
            probabilities: [
                0.0003122073360923703, 0.13619656244550055, 0.4964645544791005, 0.908248290463863,
            ]),
        Reference(
            degrees: 3.7,
            quantiles: [
                -2162.0035509402815, -14.780396445535022, -3.920507819208549, -0.9498778242960842,
                -0.00026798045421676594, 0.7464851534824539,
            ],
            probabilities: [
                2.5693124910707486e-06, 0.10679908460100675, 0.4962684635059297,
                0.939091399047383,
            ]),
        Reference(
            degrees: 6,
            quantiles: [
                -179.75335991079194, -8.024792773116376, -3.142668403291007, -0.9057032851805314,
                -0.0002612789093650651, 0.7175581964914126,
            ],
            probabilities: [
                8.159180465271234e-09, 0.09214036807074101, 0.49617274669548816,
                0.9537868442341625,
            ]),
        Reference(
            degrees: 30,
            quantiles: [
                -11.397217523311413, -4.233985957272021, -2.4572615424005915, -0.853767261471298,
                -0.0002527600253933647, 0.6827556933213927,
            ],
            probabilities: [
                6.863022597203209e-28, 0.072032964564323, 0.49604374628658887,
                0.9726874775185085,
            ]),
    ]

    @Test(arguments: references)
    func equalsSciPy(reference: Reference) {
        for (level, expected) in zip(Self.levels, reference.quantiles) {
            let found = studentQuantile(level, degreesOfFreedom: reference.degrees)
            #expect(abs(found - expected) < 1e-12 * abs(expected) + 1e-15, "level \(level)")
            let upper = studentQuantile(1 - level, degreesOfFreedom: reference.degrees)
            // One minus the level is rounded; so is the quantile there.
            if level > 1e-4 { #expect(abs(upper + expected) < 1e-11 * abs(expected)) }
        }
        for (value, expected) in zip([-40, -1.5, -0.01, 2.0], reference.probabilities) {
            let found = studentProbability(atMost: value, degreesOfFreedom: reference.degrees)
            #expect(abs(found - expected) < 1e-12 * expected, "value \(value)")
        }
    }

    @Test(arguments: [2, 2.05, 2.3, 3, 3.2, 4.9, 6, 50])
    func quantileInvertsProbabilityAndAscends(degrees: Double) {
        var last = -Double.infinity
        for step in 1..<2000 {
            let level = Double(step) / 2000
            let quantile = studentQuantile(level, degreesOfFreedom: degrees)
            #expect(quantile > last)
            let back = studentProbability(atMost: quantile, degreesOfFreedom: degrees)
            #expect(abs(back - level) < 1e-13)
            last = quantile
        }
        #expect(studentQuantile(0.5, degreesOfFreedom: degrees) == 0)
        #expect(studentQuantile(0, degreesOfFreedom: degrees) == -.infinity)
        #expect(studentQuantile(1, degreesOfFreedom: degrees) == .infinity)
        #expect(studentQuantile(1.5, degreesOfFreedom: degrees).isNaN)
    }

    @Test func infinitelyManyDegreesAreNormal() {
        #expect(studentQuantile(0.3, degreesOfFreedom: .infinity) == normalQuantile(0.3))
        let probability = studentProbability(atMost: 1.96, degreesOfFreedom: .infinity)
        #expect(abs(probability - 0.9750021048517795) < 1e-15)
    }

    @Test(arguments: [4.0, 6])
    func tableIsTheQuantile(degrees: Double) {
        let table = StudentTable(degreesOfFreedom: degrees)
        for step in 0..<1600 {
            let normal = (Double(step) + 0.37) / 200
            let tail = 0.5 * erfc(normal / 2.0.squareRoot())
            let exact = -studentQuantile(tail, degreesOfFreedom: degrees)
            #expect(abs(table.value(normal: normal) - exact) < 1e-7 * exact)
            #expect(table.value(normal: -normal) == -table.value(normal: normal))
        }
    }
}
