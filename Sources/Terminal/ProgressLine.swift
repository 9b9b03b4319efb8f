import Foundation
import Synchronization

/// How far a long task is, on standard error: a bar that is redrawn where that is a terminal, a line
/// every few seconds where it is not. Both with the rate and the time left.
///
///     let progress = ProgressLine("training", total: steps, unit: "steps")
///     progress.update(done: step, detail: "pinball 0.1250")
///     progress.finish()
package final class ProgressLine: Sendable {
    private struct State {
        var done = 0
        var detail = ""
        var lastShown: ContinuousClock.Instant
    }

    private let task: String
    private let unit: String
    private let total: Int?
    private let first: Int
    private let started = ContinuousClock.now
    private let state: Mutex<State>

    private static let interval: Duration =
        StandardError.isTerminal ? .milliseconds(100) : .seconds(5)

    /// - Parameters:
    ///   - total: How many units there are in all; nil where nobody knows before the end.
    ///   - unit: What is counted, in the plural.
    ///   - first: How many were done before, which took none of the time.
    package init(_ task: String, total: Int? = nil, unit: String, from first: Int = 0) {
        self.task = task
        self.total = total
        self.unit = unit
        self.first = first
        state = Mutex(State(done: first, lastShown: started))
    }

    /// Tells how many units are done. Cheap, and shown only now and then.
    ///
    /// - Parameter detail: What else is worth seeing, such as the loss.
    package func update(done: Int, detail: @autoclosure () -> String = "") {
        let now = ContinuousClock.now
        state.withLock { state in
            state.done = done
            guard now - state.lastShown >= Self.interval else { return }
            state.lastShown = now
            state.detail = detail()
            show(state, at: now, isLast: false)
        }
    }

    /// Leaves a last line with the overall rate and time.
    package func finish(detail: String = "") {
        state.withLock { state in
            state.detail = detail
            show(state, at: .now, isLast: true)
        }
    }

    private func show(_ state: State, at now: ContinuousClock.Instant, isLast: Bool) {
        let line = text(state, elapsed: (now - started) / .seconds(1), isLast: isLast)
        if StandardError.isTerminal {
            // Back to the start of the line, and after the text clear what the last one left.
            let shown = line.prefix(max(StandardError.columns - 1, 1))
            StandardError.write("\r\(shown)\u{1B}[K" + (isLast ? "\n" : ""))
        } else {
            StandardError.write(line + "\n")
        }
    }

    private func text(_ state: State, elapsed: Double, isLast: Bool) -> String {
        let rate = elapsed > 0 ? Double(max(state.done - first, 0)) / elapsed : 0
        var parts: [String] = []
        if let total, total > 0, !isLast {
            let share = min(Double(state.done) / Double(total), 1)
            if StandardError.isTerminal, StandardError.columns >= 80 {
                // Longer where there is room beside the numbers.
                let length = StandardError.columns >= 110 ? 30 : 10
                let filled = Int(share * Double(length))
                parts.append(
                    "[" + String(repeating: "#", count: filled)
                        + String(repeating: ".", count: length - filled) + "]")
            }
            parts.append("\(Int(share * 100)) %")
            parts.append("\(Self.grouped(state.done)) of \(Self.grouped(total)) \(unit)")
        } else {
            parts.append("\(Self.grouped(state.done)) \(unit)")
        }
        parts.append(Self.rate(rate) + " \(unit)/s")
        if isLast {
            parts.append("in " + Self.duration(elapsed))
        } else if let total, rate > 0 {
            parts.append(Self.duration(Double(max(total - state.done, 0)) / rate) + " left")
        }
        if !state.detail.isEmpty { parts.append(state.detail) }
        return "\(task): " + parts.joined(separator: "  ")
    }

    /// `1,234,567`
    package static func grouped(_ count: Int) -> String {
        let digits = Array(String(count))
        return digits.indices.map { index in
            let left = digits.count - index
            return (index > 0 && left % 3 == 0 ? "," : "") + String(digits[index])
        }.joined()
    }

    private static func rate(_ rate: Double) -> String {
        rate >= 100 ? grouped(Int(rate)) : String(format: "%.1f", rate)
    }

    /// `42 s`, `3 min 05 s`, `2 h 10 min`
    private static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<10: return String(format: "%.1f s", seconds)
        case ..<60: return "\(whole) s"
        case ..<3600: return String(format: "%d min %02d s", whole / 60, whole % 60)
        default: return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
        }
    }
}
