import Bonds
import Testing

/// Protects the calendar: dates, holidays, settlement, the clock in New York.
@Suite struct DateTests {
    @Test func everyDayOfFourCenturiesIsReadAndWrittenBack() throws {
        var date = try day("1899-12-31")
        var before = date.components
        for _ in 0..<146_097 {
            date = date + 1
            let (year, month, dayOfMonth) = date.components
            #expect(CalendarDate(year: year, month: month, day: dayOfMonth) == date)
            // The next day, or the first of the next month.
            if dayOfMonth == 1 {
                #expect(month == before.month % 12 + 1)
                #expect(
                    CalendarDate(year: before.year, month: before.month, day: before.day + 1) == nil
                )
            } else {
                #expect(dayOfMonth == before.day + 1 && month == before.month)
            }
            before = (year, month, dayOfMonth)
        }
        #expect(try date == day("2299-12-31"))
    }

    @Test func knownDays() throws {
        #expect(try day("1970-01-01").dayNumber == 0)
        #expect(try day("2025-03-07").dayNumber == 20_154)
        #expect(try day("2025-03-07").weekday == 5)
        #expect(try day("1969-12-28").weekday == 0)
        #expect(try day("20250307") == day("2025-03-07"))
        #expect(try day("2024-01-31").adding(months: 1) == day("2024-02-29"))
        #expect(try day("2024-03-31").adding(months: -13) == day("2023-02-28"))
        #expect(try day("0042-06-01").description == "0042-06-01")
    }

    @Test(arguments: [
        "", "2025-3-07", "2025-02-29", "2025-13-01", "2025-00-10", "2025-01-00", "0000-01-01",
        "2025/03/07", "07-03-2025", "2025-03-07T", "99999999999999999999", "2025-03-0x", "２０２５",
    ])
    func textsThatAreNoDates(_ text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test(arguments: [
        // Three days, two, one; Labor Day and Memorial Day lie between.
        ("2017-08-31", "2017-09-06"), ("2017-09-01", "2017-09-07"), ("2017-09-05", "2017-09-07"),
        ("2024-05-23", "2024-05-28"), ("2024-05-24", "2024-05-29"), ("2024-05-28", "2024-05-29"),
        ("2025-07-03", "2025-07-07"), ("2025-10-10", "2025-10-14"),
    ])
    func settlement(_ traded: String, _ settled: String) throws {
        #expect(try Settlement.date(tradedOn: day(traded)) == day(settled))
    }

    @Test func businessDays() throws {
        let friday = try day("2025-10-10")
        #expect(BondMarketCalendar.holiday(on: friday + 3) == "Columbus Day")
        #expect(try BondMarketCalendar.adding(businessDays: 0, to: friday + 1) == day("2025-10-14"))
        #expect(try BondMarketCalendar.adding(businessDays: -1, to: day("2025-10-14")) == friday)
        #expect(try BondMarketCalendar.businessDays(after: friday, through: day("2025-10-17")) == 4)
        #expect(BondMarketCalendar.businessDays(after: friday, through: friday) == 0)
    }

    @Test func theClockInNewYork() throws {
        let hour: Int64 = 3_600_000_000_000
        let halfPastNine = 9 * hour + hour / 2
        let friday = try day("2025-03-07")
        #expect(
            EasternTime.nanoseconds(friday, timeOfDay: halfPastNine)
                == friday.nanoseconds + 14 * hour + hour / 2)
        let monday = try day("2025-03-10")
        #expect(
            EasternTime.nanoseconds(monday, timeOfDay: halfPastNine)
                == monday.nanoseconds + 13 * hour + hour / 2)
        #expect(EasternTime.date(friday.nanoseconds + 4 * hour) == friday + -1)
        // The rules of 2006 and of 1986.
        for (text, offset) in [("2006-03-20", 5), ("2006-04-03", 4), ("1986-04-21", 5)] {
            let date = try day(text)
            #expect(
                EasternTime.nanoseconds(date, timeOfDay: 0) - date.nanoseconds
                    == Int64(offset) * hour)
        }
    }

    @Test func clockTimesComeBack() throws {
        let quarter: Int64 = 900_000_000_000
        for text in ["2025-03-09", "2025-11-02", "2005-10-30", "2024-07-01"] {
            let date = try day(text)
            for step in 0..<96 {
                let time = Int64(step) * quarter
                let back = EasternTime.clock(EasternTime.nanoseconds(date, timeOfDay: time))
                // The hour that the clock skips in spring is read as the one after it.
                let isSkipped = text == "2025-03-09" && (8..<12).contains(step)
                #expect(back.date == date)
                #expect(back.timeOfDay == (isSkipped ? time + 4 * quarter : time))
            }
        }
    }
}
