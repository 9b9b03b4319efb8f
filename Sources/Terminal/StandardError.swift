import Foundation

/// Where progress, warnings and errors go, so that results can be piped on.
package enum StandardError {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Characters that fit into a line of the terminal.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes as it stands; where nobody reads any more, it is lost.
    package static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    package static func warn(_ text: String) {
        write("tenor: warning: \(text)\n")
    }

    /// Says what an optional table that a market folder does without stands for.
    package static func note(absent table: String, without: String) {
        write("\(table).csv is not there: \(without)\n")
    }
}
