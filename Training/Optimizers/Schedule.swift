import Foundation

/// The learning rate as a function of the step: a value, tested at its boundaries.
public struct Schedule: Sendable {
    /// How the rate moves after the warm-up.
    public enum Shape: String, CaseIterable, Sendable {
        case constant
        /// Half a cosine from the peak at step 0 towards zero at `steps`, one after the last
        /// (Loshchilov and Hutter, 2016).
        case cosine
        /// Smith's one-cycle (2018) with cosine halves, as in PyTorch: from peak / 25 up over the
        /// first 30 % of the steps, down to peak / 250,000 at the last one.
        case oneCycle = "one-cycle"
    }

    public let shape: Shape
    public let peak: Double
    public let steps: Int
    /// The first steps, over which the rate rises linearly to what the shape says.
    public let warmUp: Int

    public init(_ shape: Shape, peak: Double, steps: Int, warmUp: Int = 0) {
        self.shape = shape
        self.peak = peak
        self.steps = steps
        self.warmUp = warmUp
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Double {
        let rise = warmUp == 0 ? 1 : min(1, Double(step + 1) / Double(warmUp))
        return rise * shaped(step)
    }

    private func shaped(_ step: Int) -> Double {
        switch shape {
        case .constant:
            return peak
        case .cosine:
            return cosine(from: peak, to: 0, Double(step) / Double(steps))
        case .oneCycle:
            let top = 0.3 * Double(steps) - 1
            let last = Double(steps - 1)
            let (low, end) = (peak / 25, peak / 25 / 1e4)
            return Double(step) <= top
                ? cosine(from: low, to: peak, Double(step) / top)
                : cosine(from: peak, to: end, (Double(step) - top) / (last - top))
        }
    }

    private func cosine(from start: Double, to end: Double, _ part: Double) -> Double {
        end + (start - end) * (1 + cos(Double.pi * min(max(part, 0), 1))) / 2
    }
}
