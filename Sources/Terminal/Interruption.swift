import ArgumentParser
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C and termination as a question that long work asks itself between two steps.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    private static let isListening = Atomic<Bool>(false)

    /// From now on the first signal asks the work to stop; a second one ends the process at once.
    /// Asked again it changes nothing.
    package static func listen() {
        guard !isListening.exchange(true, ordering: .relaxed) else { return }
        // The atomic exists before a handler can run.
        requested.store(false, ordering: .relaxed)
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
            sigaddset(&signals, number)
        }
        // A parent may have left them blocked: what a libdispatch thread starts inherits its mask.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Ends work that leaves nothing behind when it throws, with the shell's code for a signal.
    package static func check() throws {
        if isRequested { throw ExitCode(130) }
    }

    package static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
