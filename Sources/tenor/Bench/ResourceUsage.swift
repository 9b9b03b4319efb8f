import Foundation

/// What the operating system has counted for this process.
enum ResourceUsage {
    /// Pages that had to be mapped without reading from a disk.
    static var minorPageFaults: Int { Int(current.ru_minflt) }

    /// The most memory that the process held at once, in MB of 2^20 bytes.
    static var peakResidentMegabytes: Int {
        #if os(Linux)
            Int(current.ru_maxrss) >> 10
        #else
            Int(current.ru_maxrss) >> 20
        #endif
    }

    private static var current: rusage {
        var usage = rusage()
        #if os(Linux)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage
    }
}
