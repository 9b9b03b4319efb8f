import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Keeps released buffers by size class and hands them out again.
///
/// A fresh large buffer costs a page fault for every 4 KB, each time it is asked for, which is
/// several times the cost of filling it. After the first step of a training loop every size is in
/// the pool, and later steps take nothing from the system.
public enum BufferPool {
    /// What the pool has done since the process started.
    public struct Statistics: Sendable {
        /// Buffers taken from the system.
        public var allocations = 0
        /// Bytes taken from the system and not given back.
        public var bytesHeld = 0
        /// Bytes of those that wait in the pool.
        public var bytesIdle = 0
    }

    private struct State {
        var idle: [Int: [UInt]] = [:]
        var statistics = Statistics()
    }

    private static let state = Mutex(State())

    /// More idle bytes than this are given back to the system.
    private static let idleLimit = 2 << 30
    private static let alignment = 64
    private static let hugePage = 2 << 20

    public static var statistics: Statistics { state.withLock { $0.statistics } }

    /// Eight classes to a doubling: at most an eighth of a buffer is wasted.
    static func sizeClass(_ bytes: Int) -> Int {
        guard bytes > 512 else { return max(64, (bytes + 63) & ~63) }
        let step = 1 << (Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount - 3)
        return (bytes + step - 1) & ~(step - 1)
    }

    /// A buffer of `sizeClass` bytes, aligned to 64 bytes, its content undefined.
    static func take(sizeClass: Int) -> UnsafeMutableRawPointer {
        let reused = state.withLock { state -> UInt? in
            guard let address = state.idle[sizeClass]?.popLast() else {
                state.statistics.allocations += 1
                state.statistics.bytesHeld += sizeClass
                return nil
            }
            state.statistics.bytesIdle -= sizeClass
            return address
        }
        if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) { return pointer }
        let isLarge = sizeClass >= hugePage
        var pointer: UnsafeMutableRawPointer?
        let status = posix_memalign(&pointer, isLarge ? hugePage : alignment, sizeClass)
        guard status == 0, let pointer else {
            preconditionFailure("out of memory: a buffer of \(sizeClass) bytes was asked for")
        }
        #if os(Linux)
            if isLarge { madvise(pointer, sizeClass, MADV_HUGEPAGE) }
        #endif
        return pointer
    }

    static func giveBack(_ pointer: UnsafeMutableRawPointer, sizeClass: Int) {
        let isKept = state.withLock { state in
            guard state.statistics.bytesIdle + sizeClass <= idleLimit else {
                state.statistics.bytesHeld -= sizeClass
                return false
            }
            state.statistics.bytesIdle += sizeClass
            state.idle[sizeClass, default: []].append(UInt(bitPattern: pointer))
            return true
        }
        if !isKept { free(pointer) }
    }
}
