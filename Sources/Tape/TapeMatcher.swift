import Files
import Foundation

/// The trades of a tape, those of one report time after the other.
struct TradeCursor {
    private let reader: TradeReader
    private var trades: [Trade] = []
    private var position = 0

    init(_ reader: TradeReader) { self.reader = reader }

    /// The report time of the next trade, nil at the end.
    mutating func time() throws(FileError) -> Int64? {
        while position == trades.count {
            guard let next = try reader.next() else { return nil }
            (trades, position) = (next, 0)
        }
        return trades[position].reportTime
    }

    mutating func take(at time: Int64) throws(FileError) -> [Trade] {
        var taken: [Trade] = []
        while try self.time() == time {
            taken.append(trades[position])
            position += 1
        }
        return taken
    }
}

/// The injected errors by the identifier of the report: `trace/errors.csv`.
struct InjectedErrors {
    private(set) var codes: [String] = []
    private(set) var counts: [Int] = []
    private var codeOfReport: [String: Int] = [:]

    /// Where a simulated market tells the errors of its raw files.
    static func path(market folder: String) -> String { folder + "/trace/errors.csv" }

    /// Reads them; none where the folder has no such file.
    init(market folder: String) throws(FileError) {
        let path = Self.path(market: folder)
        guard FileManager.default.fileExists(atPath: path) else { return }
        let reader = try CSVReader(path: path)
        let report = try reader.requiredColumn("trade_id")
        let error = try reader.requiredColumn("error_code")
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                let code = chunk.text(row: row, column: error)
                let index = codes.firstIndex(of: code) ?? codes.count
                if index == codes.count {
                    codes.append(code)
                    counts.append(0)
                }
                counts[index] += 1
                codeOfReport[chunk.text(row: row, column: report)] = index
            }
        }
    }

    /// The error of one report.
    func code(of report: Substring) -> Int? { codeOfReport[String(report)] }
}

/// Matches the rows of two tapes that were reported at the same time.
struct TapeMatcher {
    private let errors: InjectedErrors
    private var comparison = TapeComparison()
    /// The reports with an error that is not undone.
    private var wrongReports: Set<String> = []
    private var dealerTrades = 0
    private var wrongDoubles = 0
    private var examplesOfError: [String: Int] = [:]

    private static let doubleReport = "double_report"

    init(_ errors: InjectedErrors) { self.errors = errors }

    mutating func match(_ clean: [Trade], _ imported: [Trade]) {
        var rest = Dictionary(imported.map { ($0.tradeID, $0) }) { first, _ in first }
        for trade in clean {
            count(trade, as: .clean)
            if trade.side == .dealer { dealerTrades += 1 }
            let other = rest.removeValue(forKey: trade.tradeID)
            if let other, other.isSame(as: trade) {
                count(trade, as: .right)
                count(other, as: .imported)
            } else {
                if let other { count(other, as: .imported) }
                note(trade, other)
            }
        }
        for trade in imported where rest[trade.tradeID] != nil {
            if trade.holds {
                count(trade, as: .imported)
                note(nil, trade)
            } else {
                comparison.withdrawnByImport += 1
            }
        }
    }

    private enum Figure { case clean, imported, right }

    private mutating func count(_ trade: Trade, as figure: Figure) {
        Self.count(figure, in: &comparison.all)
        if trade.holds {
            Self.count(figure, in: &comparison.holding)
        } else {
            Self.count(figure, in: &comparison.withdrawn)
        }
    }

    private static func count(_ figure: Figure, in count: inout TapeComparison.Count) {
        switch figure {
        case .clean: count.clean += 1
        case .imported: count.imported += 1
        case .right: count.right += 1
        }
    }

    /// Notes a row that is not right.
    private mutating func note(_ clean: Trade?, _ imported: Trade?) {
        let identifier = clean?.tradeID ?? imported?.tradeID ?? ""
        var error = ""
        for report in identifier.split(separator: "+") {
            if let code = errors.code(of: report) {
                error = errors.codes[code]
                wrongReports.insert(String(report))
            } else if clean == nil, report.last == "B" {
                error = Self.doubleReport
                wrongDoubles += 1
            }
        }
        examplesOfError[error, default: 0] += 1
        guard examplesOfError[error, default: 0] <= ImportAudit.exampleCount else { return }
        comparison.examples.append(
            TapeComparison.Example(
                error: error, tradeID: identifier, clean: clean?.terms ?? "",
                imported: imported?.terms ?? ""))
    }

    func result() -> TapeComparison {
        var comparison = comparison
        var wrong = [Int](repeating: 0, count: errors.codes.count)
        for report in wrongReports {
            if let code = errors.code(of: report[...]) { wrong[code] += 1 }
        }
        comparison.errors = errors.codes.indices.map { code in
            TapeComparison.ErrorCount(
                error: errors.codes[code], reports: errors.counts[code],
                undone: errors.counts[code] - wrong[code])
        }
        if dealerTrades > 0, !errors.codes.isEmpty {
            comparison.errors.append(
                TapeComparison.ErrorCount(
                    error: Self.doubleReport, reports: dealerTrades,
                    undone: dealerTrades - wrongDoubles))
        }
        comparison.errors.sort { $0.error < $1.error }
        comparison.examples.sort { ($0.error, $0.tradeID) < ($1.error, $1.tradeID) }
        comparison.all.divide()
        comparison.holding.divide()
        comparison.withdrawn.divide()
        return comparison
    }
}

extension TapeComparison.Count {
    fileprivate mutating func divide() {
        precision = imported == 0 ? 1 : Double(right) / Double(imported)
        recall = clean == 0 ? 1 : Double(right) / Double(clean)
    }
}

extension Trade {
    /// Whether two rows of one identifier tell the same, but for the last digits.
    fileprivate func isSame(as other: Trade) -> Bool {
        func isNear(_ one: Double, _ other: Double) -> Bool {
            one == other || abs(one - other) < 1e-6 || one.isNaN && other.isNaN
        }
        return cusip == other.cusip && executionTime == other.executionTime
            && withdrawnTime == other.withdrawnTime && replaces == other.replaces
            && isATS == other.isATS && side == other.side
            && isDisseminated == other.isDisseminated && isNear(quantity, other.quantity)
            && isNear(price, other.price) && isNear(yield, other.yield)
    }

    /// In a line of an example.
    fileprivate var terms: String {
        "\(cusip) \(side) \(quantity) at \(price), yield \(yield)"
            + (holds ? "" : ", withdrawn \(withdrawnTime)")
            + (replaces.isEmpty ? "" : ", replaces \(replaces)")
    }
}
