import ArgumentParser
import Bonds

extension CalendarDate: ExpressibleByArgument {
    public init?(argument: String) {
        guard argument.utf8.count == 10 else { return nil }
        self.init(argument)
    }
}
