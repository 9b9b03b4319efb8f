import Quantiles
import Testing

@Suite("Pinball")
struct PinballTests {
    @Test("a label above costs level times the distance, below one minus level")
    func sides() {
        #expect(pinball(label: 3.0, forecast: 1.0, level: 0.25) == 0.5)
        #expect(pinball(label: 1.0, forecast: 3.0, level: 0.25) == 1.5)
        #expect(pinball(label: 2.0, forecast: 2.0, level: 0.25) == 0)
        #expect(pinball(label: Float(1), forecast: 3, level: 0.25) == 1.5)
    }

    @Test("a missing number stays missing")
    func missing() {
        #expect(pinball(label: Double.nan, forecast: 1, level: 0.5).isNaN)
    }
}
