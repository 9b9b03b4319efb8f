import Bonds
import Files
import Random

/// Fits a bad-print classifier to the tape of a market folder.
///
/// Good are the prints that hold. Of them, a few are spoilt: those that correct another print get
/// the price which that one had, and a share of the others an error of the kinds that happen when
/// prices are typed. A print is judged by its neighbours as they hold, spoilt ones among them.
public struct BadPrintTraining: Sendable {
    /// What was done to a price.
    public enum Spoiling: String, CaseIterable, Sendable {
        /// Nothing: it was corrected in the tape itself.
        case corrected
        /// The decimal point is off by one or two places.
        case decimalPoint = "decimal_point"
        /// Off by ten to forty percent.
        case jump
        /// 100, which is typed when nothing is known.
        case par
        /// Off by three to ten percent.
        case wrong
        /// Off by one to three points.
        case slip
    }

    /// The share of prints that are spoilt.
    public var share = 0.005
    public var seed: UInt64 = 1
    /// The last days, as a share of all, which judge the classifier and do not fit it.
    public var heldOutShare = 0.25
    /// Of a larger tape only some bonds are used, so that about so many prints are.
    public var largestPrintCount = 500_000

    public init() {}

    /// Fits a classifier.
    /// - Parameter file: the tape's file, for errors.
    public func fit(
        _ tape: TradeTable, file: String
    ) throws(FileError) -> (BadPrintClassifier, BadPrintReport) {
        let histories = histories(tape)
        let days = Set(histories.flatMap { $0.prints.map { EasternTime.date($0.time) } }).sorted()
        let heldOut = max(1, Int((Double(days.count) * heldOutShare).rounded()))
        let printCount = histories.reduce(0) { $0 + $1.prints.count }
        guard days.count >= 2, printCount >= 1_000 else {
            throw FileError(
                .badData, file: file, "too few trades to fit a bad-print classifier",
                expected: "1000 trades that hold, on two days",
                found: "\(printCount) on \(days.count)")
        }
        let firstHeldOut = days[days.count - heldOut]
        let start = EasternTime.nanoseconds(firstHeldOut, timeOfDay: 0)
        func regression(hindsight: Bool) -> LogisticRegression {
            let set = examples(histories, hindsight: hindsight) { $0 < start }
            return LogisticRegression(
                rows: set.rows, labels: set.spoilings.map { $0 != nil },
                columnCount: BadPrintFeatures.names.count)
        }
        let classifier = BadPrintClassifier(
            withHindsight: regression(hindsight: true),
            withoutHindsight: regression(hindsight: false))
        let judged = histories.map { history in
            history.prints.indices.filter { history.prints[$0].time >= start }
        }
        func score(hindsight: Bool) -> BadPrintReport.Score {
            var score = BadPrintReport.Score()
            for (history, indices) in zip(histories, judged) where !indices.isEmpty {
                let probabilities = classifier.probabilities(history.prints, hindsight: hindsight)
                for index in indices {
                    score.note(
                        history.spoilings[index],
                        isTaken: probabilities[index] > classifier.threshold)
                }
            }
            return score
        }
        let report = BadPrintReport(
            fittedDays: days.count - heldOut, heldOutDays: heldOut, heldOutFrom: firstHeldOut,
            share: share, withHindsight: score(hindsight: true),
            withoutHindsight: score(hindsight: false))
        return (classifier, report)
    }

    /// The prints of one bond, some of them spoilt.
    private struct History {
        var prints: [BadPrintClassifier.Print] = []
        var spoilings: [Spoiling?] = []
    }

    private func histories(_ tape: TradeTable) -> [History] {
        var rows = [[Int]](repeating: [], count: tape.cusips.count)
        let every = max(1, (tape.count + largestPrintCount - 1) / largestPrintCount)
        for row in 0..<tape.count
        where tape.withdrawnTimes[row] == .max && Int(tape.bonds[row]) % every == 0 {
            rows[Int(tape.bonds[row])].append(row)
        }
        let firstPrices = Self.firstPrices(tape)
        let stream = RandomStream(seed: seed).stream("bad prints")
        return rows.enumerated().map { bond, rows in
            let order = rows.sorted {
                (tape.executionTimes[$0], $0) < (tape.executionTimes[$1], $1)
            }
            var draws = stream.stream(tape.cusips[bond])
            var history = History()
            for row in order {
                var print = BadPrintClassifier.Print(
                    time: tape.executionTimes[row], price: tape.prices[row],
                    quantity: tape.quantities[row])
                var spoiling: Spoiling?
                if let price = firstPrices[tape.replaces[row]], price != print.price {
                    print.price = price
                    spoiling = .corrected
                } else if Double.random(in: 0..<1, using: &draws) < share {
                    let kinds = Spoiling.allCases.dropFirst()
                    spoiling = kinds.randomElement(using: &draws)
                    print.price = spoiling?.spoil(print.price, &draws) ?? print.price
                }
                history.prints.append(print)
                history.spoilings.append(spoiling)
            }
            return history
        }
    }

    /// The prices of the trades that others correct.
    private static func firstPrices(_ tape: TradeTable) -> [String: Double] {
        let corrected = Set(tape.replaces.lazy.filter { !$0.isEmpty })
        guard !corrected.isEmpty else { return [:] }
        var prices: [String: Double] = [:]
        for (row, name) in tape.tradeIDs.enumerated() where corrected.contains(name) {
            prices[name] = tape.prices[row]
        }
        return prices
    }

    /// The features of the prints of some times, one row after the other.
    private func examples(
        _ histories: [History], hindsight: Bool, at times: (Int64) -> Bool
    ) -> (rows: [Double], spoilings: [Spoiling?]) {
        var features = BadPrintFeatures()
        var rows: [Double] = []
        var spoilings: [Spoiling?] = []
        for history in histories {
            for index in history.prints.indices where times(history.prints[index].time) {
                features.append(of: index, in: history.prints, hindsight: hindsight, to: &rows)
                spoilings.append(history.spoilings[index])
            }
        }
        return (rows, spoilings)
    }
}

extension BadPrintTraining.Spoiling {
    /// A wrong price in place of the right one.
    fileprivate func spoil(_ price: Double, _ draws: inout RandomStream) -> Double {
        func off(_ range: ClosedRange<Double>) -> Double {
            Double.random(in: range, using: &draws) * (Bool.random(using: &draws) ? 1 : -1)
        }
        switch self {
        case .corrected: return price
        case .decimalPoint:
            let factors = [0.01, 0.1, 10, 100]
            return price * factors[Int.random(in: 0..<factors.count, using: &draws)]
        case .jump: return price * (1 + off(0.1...0.4))
        case .par: return 100
        case .wrong: return price * (1 + off(0.03...0.1))
        case .slip: return price + off(1...3)
        }
    }
}
