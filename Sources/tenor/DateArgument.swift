import ArgumentParser
import Bonds

/// A date on the command line.
enum DateArgument {
    static func parse(_ text: String) throws -> CalendarDate {
        guard let date = CalendarDate(text) else {
            throw ValidationError("expected a date, YYYY-MM-DD")
        }
        return date
    }
}
