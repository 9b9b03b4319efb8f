/// A small generator of nearly standard normals, the same on every machine.
struct Normals {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Double(state >> 11) + 0.5) / 9_007_199_254_740_992
    }

    /// The sum of twelve uniforms.
    mutating func next() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
}
