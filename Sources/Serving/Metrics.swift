import Synchronization

/// Counts and times of a server, as Prometheus reads them (text format 0.0.4).
package final class Metrics: Sendable {
    /// What is counted; the names of the metrics without `tenor_` and `_total`.
    package enum Counter: String, CaseIterable {
        case httpRequests = "http_requests"
        case messages = "websocket_messages"
        case refusedMessages = "websocket_refused_messages"
        case forbidden = "websocket_forbidden"
        case slowReaders = "websocket_slow_readers"
        case quotes
        case insufficientData = "insufficient_data"
        case unrecognizedFIGIs = "unrecognized_figis"
        case events
        case inferredRows = "inferred_rows"

        package var help: String {
            switch self {
            case .httpRequests: "HTTP requests, by path and status."
            case .messages: "Messages of WebSocket clients."
            case .refusedMessages: "Messages that were malformed or over a limit."
            case .forbidden: "WebSocket connections that were refused or ended for their token."
            case .slowReaders: "WebSocket connections that ended because nobody read."
            case .quotes: "Quotes sent."
            case .insufficientData: "Questions that could not be priced."
            case .unrecognizedFIGIs: "FIGIs that no bond has."
            case .events: "Trades and market data taken in."
            case .inferredRows: "Rows of the Open Inference Protocol."
            }
        }
    }

    /// Upper bounds of the latency histogram, in seconds.
    private static let bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

    private struct State {
        var counts: [Counter: [String: Int]] = [:]
        var histograms: [String: Histogram] = [:]
    }

    private struct Histogram {
        /// Observations at most at each bound.
        var counts = [Int](repeating: 0, count: Metrics.bounds.count)
        var total = 0
        var sum = 0.0
    }

    private let state = Mutex(State())

    /// - Parameter labels: as they stand between the braces, such as `path="/",status="200"`.
    package func count(_ counter: Counter, _ labels: String = "", by amount: Int = 1) {
        guard amount > 0 else { return }
        state.withLock { $0.counts[counter, default: [:]][labels, default: 0] += amount }
    }

    /// Times how long an answer of a kind took.
    package func observe(_ kind: String, seconds: Double) {
        state.withLock { state in
            var histogram = state.histograms[kind] ?? Histogram()
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
                histogram.counts[index] += 1
            }
            histogram.total += 1
            histogram.sum += seconds
            state.histograms[kind] = histogram
        }
    }

    package func value(_ counter: Counter) -> Int {
        state.withLock { $0.counts[counter]?.values.reduce(0, +) ?? 0 }
    }

    /// The page of `/metrics`.
    /// - Parameter gauges: name, help, labels and value of what is read off at this moment.
    package func text(gauges: [(name: String, help: String, labels: String, value: Double)])
        -> String
    {
        let (counts, histograms) = state.withLock { ($0.counts, $0.histograms) }
        var lines: [String] = []
        for counter in Counter.allCases {
            let name = "tenor_\(counter.rawValue)_total"
            lines += ["# HELP \(name) \(counter.help)", "# TYPE \(name) counter"]
            let series = counts[counter] ?? ["": 0]
            lines += series.sorted { $0.key < $1.key }
                .map { Self.line(name, $0.key, "\($0.value)") }
        }
        let seconds = "tenor_answer_seconds"
        lines += [
            "# HELP \(seconds) Time from a request to its answer, by kind.",
            "# TYPE \(seconds) histogram",
        ]
        for (kind, histogram) in histograms.sorted(by: { $0.key < $1.key }) {
            for (bound, count) in zip(Self.bounds, histogram.counts) {
                lines.append("\(seconds)_bucket{kind=\"\(kind)\",le=\"\(bound)\"} \(count)")
            }
            lines.append("\(seconds)_bucket{kind=\"\(kind)\",le=\"+Inf\"} \(histogram.total)")
            lines.append("\(seconds)_sum{kind=\"\(kind)\"} \(histogram.sum)")
            lines.append("\(seconds)_count{kind=\"\(kind)\"} \(histogram.total)")
        }
        for gauge in gauges {
            let name = "tenor_\(gauge.name)"
            lines += ["# HELP \(name) \(gauge.help)", "# TYPE \(name) gauge"]
            lines.append(Self.line(name, gauge.labels, "\(gauge.value)"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A label's value with what must not stand in it replaced.
    package static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }

    private static func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)"
    }
}
