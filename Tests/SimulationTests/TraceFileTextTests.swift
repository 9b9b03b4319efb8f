import Bonds
import Files
import Foundation
import Simulation
import Tape
import Testing

@Suite("Raw files of a simulated market")
struct TraceFileTextTests {
    @Test("Times are those of the clock in New York, on both sides of daylight saving")
    func easternTimes() throws {
        // The clock is moved on 2025-03-09; the trades are at 8:00 and a fixed number of seconds.
        let fixture = try TapeFixture(bonds: 1, days: 2, start: CalendarDate("2025-03-07"))
        defer { fixture.remove() }
        try fixture.write()
        for (date, offset) in [("2025-03-07", 5), ("2025-03-10", 4)] {
            let path = fixture.marketFolder + "/trace/enhanced-time-and-sales-cusip-\(date).txt"
            let lines = try Self.lines(path)
            let trades = lines.dropFirst().dropLast().map {
                $0.split(separator: "|", omittingEmptySubsequences: false)
            }
            #expect(trades.allSatisfy { $0.count == 37 })
            let midnight = try #require(CalendarDate(date)).nanoseconds
            let expected = fixture.day(date == "2025-03-07" ? 0 : 1).trades.map { trade in
                let local = trade.executionTime - midnight - Int64(offset) * 3_600_000_000_000
                let seconds = local / 1_000_000_000
                return String(
                    format: "%02d%02d%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
            #expect(Set(trades.map { String($0[15]) }).isSuperset(of: expected))
            #expect(trades.allSatisfy { $0[15] >= "080000" && $0[15] < "180000" })
            #expect(trades.allSatisfy { $0[14] == date.filter { $0 != "-" } })
        }
    }

    @Test("The trailer tells the number of records, and the numbers ascend")
    func trailer() throws {
        let fixture = try TapeFixture(bonds: 5, days: 3)
        defer { fixture.remove() }
        let summary = try fixture.write()
        var records = 0
        for path in try fixture.traceFiles("enhanced") {
            let lines = try Self.lines(path)
            #expect(lines.last?.hasSuffix(String(format: " %010d", lines.count - 2)) == true)
            for (index, line) in lines.dropFirst().dropLast().enumerated() {
                #expect(line.hasPrefix("\(index + 1)|"))
            }
            records += lines.count - 2
        }
        #expect(records == summary.reports)
    }

    @Test(
        "A report out of hours comes when TRACE opens",
        arguments: [
            ("2025-03-07", 12, "2025-03-07", 12), ("2025-03-07", 20, "2025-03-10", 8),
            ("2025-03-08", 12, "2025-03-10", 8), ("2025-03-10", 3, "2025-03-10", 8),
            ("2025-07-03", 19, "2025-07-07", 8),
        ])
    func hours(date: String, hour: Int64, nextDate: String, nextHour: Int64) throws {
        let time = EasternTime.nanoseconds(
            try #require(CalendarDate(date)), timeOfDay: hour * 3_600_000_000_000)
        let next = EasternTime.clock(ReportingHours.next(time))
        #expect(next.date == CalendarDate(nextDate))
        #expect(next.timeOfDay / 3_600_000_000_000 == nextHour)
    }

    @Test("Numbers of fixed decimals")
    func numbers() {
        var text = TraceText(separator: "|", capacity: 0)
        text.number(98.125, decimals: 6)
        text.number(-0.5, decimals: 2)
        text.number(99.9999999, decimals: 6)
        text.number(Double.nan, decimals: 6)
        text.number(0, digits: 3)
        text.number(1234, digits: 7)
        text.endLine()
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == "98.125000|-0.50|100.000000||000|0001234\n")
    }

    @Test("Trades of one bond, side and venue are in different seconds")
    func separation() throws {
        let fixture = try TapeFixture(bonds: 1, days: 1)
        defer { fixture.remove() }
        var trade = fixture.day(0).trades[0]
        trade.reportTime = trade.executionTime
        var separation = TradeSeparation(bonds: 1)
        let times = (0..<3).map { _ in separation.separated(trade) }
        #expect(
            times.map { ($0.executionTime - trade.executionTime) / TapeFixture.second } == [
                0, 1, 2,
            ])
        #expect(times.allSatisfy { $0.reportTime >= $0.executionTime })
        trade.side = trade.side == .bid ? .offer : .bid
        #expect(separation.separated(trade).executionTime == trade.executionTime)
    }

    private static func lines(_ path: String) throws -> [String] {
        String(decoding: try FileContents.bytes(of: path), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }
}
