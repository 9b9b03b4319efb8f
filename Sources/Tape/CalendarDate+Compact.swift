import Bonds

extension CalendarDate {
    /// The day of a `20250307`, nil where the calendar has none or no trade can be that old or late:
    /// its nanoseconds must fit into 64 bits.
    init?(compact value: Int) {
        guard (1900_01_01...2199_12_31).contains(value) else { return nil }
        self.init(year: value / 10_000, month: value / 100 % 100, day: value % 100)
    }

    /// `20250307` as a number.
    var compact: Int {
        let (year, month, day) = components
        return year * 10_000 + month * 100 + day
    }
}
