import Dispatch
import Files
import Foundation
import Inference
import QuantileModels
import Tape

/// The market of a server as it was: one list of questions after another, on a thread of its own,
/// since a long list takes seconds.
package actor PastMarket {
    private let archive: MarketArchive
    private let thread = SerialThread(label: "tenor.past")
    private static let pointsAtOnce = 512

    private let news: MarketNews

    package init(_ archive: sending MarketArchive, news: MarketNews) {
        self.archive = archive
        self.news = news
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// Answers to questions that name their moments, in their order.
    /// - Parameter end: the moment of the present, beyond which nothing is known.
    package func answers(
        to questions: [PriceQuestion], by model: QuantileModel, until end: Int64
    ) -> [PriceAnswer] {
        var answers = [PriceAnswer](
            repeating: .insufficientData(reason: "nothing is known yet"), count: questions.count)
        // The next moment opens the archive anew where it could not be read on.
        try? archive.append(news.take())
        let now = PricingService.systemTime()
        var places: [Point: [Int]] = [:]
        for (index, question) in questions.enumerated() {
            if let reason = question.lack(at: now) {
                answers[index] = .insufficientData(reason: reason)
            } else if let time = question.time {
                places[Point(time: min(time, end), bond: question.bond), default: []].append(index)
            }
        }
        let points = places.sorted { $0.key < $1.key }
            .map { AskedPoint(point: $0.key, questions: $0.value) }
        // Far apart, the moments are reached from states of different days at the same time.
        let parts = archive.parts(of: points.map(\.point.time), count: Self.readers)
        nonisolated(unsafe) let archives =
            parts.indices.map { $0 == 0 ? archive : archive.another() }
        for found in Parallel.map(
            count: parts.count,
            { Self.answers(to: questions, Array(points[parts[$0]]), by: model, in: archives[$0]) })
        {
            for (index, answer) in found { answers[index] = answer }
        }
        return answers
    }

    /// Archives that are read at once.
    private static let readers = min(4, ProcessInfo.processInfo.activeProcessorCount)

    /// A bond at a moment.
    private struct Point: Hashable, Comparable {
        var time: Int64
        var bond: Int

        static func < (first: Point, second: Point) -> Bool {
            (first.time, first.bond) < (second.time, second.bond)
        }
    }

    /// What is asked about a point, by index.
    private struct AskedPoint {
        var point: Point
        var questions: [Int]
    }

    private static func answers(
        to questions: [PriceQuestion], _ points: [AskedPoint], by model: QuantileModel,
        in archive: MarketArchive
    ) -> [(index: Int, answer: PriceAnswer)] {
        var found: [(index: Int, answer: PriceAnswer)] = []
        var start = 0
        while start < points.count {
            let part = points[start..<min(start + pointsAtOnce, points.count)]
            start += part.count
            do {
                found += QuestionGroups(
                    part.map(\.questions), try states(of: part.map(\.point), in: archive)
                ).answers(to: questions, by: model)
            } catch {
                found += part.flatMap(\.questions).map {
                    ($0, .insufficientData(reason: "the past cannot be read: \(error)"))
                }
            }
        }
        return found
    }

    private static func states(
        of points: [Point], in archive: MarketArchive
    ) throws -> (states: BondStates, unpriced: [(place: Int, reason: Unpriced)]) {
        var states = BondStates()
        var unpriced: [(place: Int, reason: Unpriced)] = []
        for (place, point) in points.enumerated() {
            let market = try archive.market(before: point.time)
            if let reason = try market.add(bond: point.bond, at: point.time, to: &states) {
                unpriced.append((place, reason))
            }
        }
        return (states, unpriced)
    }
}

/// Runs the work of an actor on a thread that is none of those that Swift's tasks share: they are as
/// many as there are cores, and whoever holds one for seconds holds up the others.
private final class SerialThread: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label, qos: .utility)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
