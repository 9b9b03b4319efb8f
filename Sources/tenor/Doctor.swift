import ArgumentParser
import Arrays
import Foundation
import Terminal

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows the machine: BLAS kernels in use, threads, measured speed, warnings.",
        discussion: """
            Training time is the time of matrix products. This measures their rate on one thread \
            and on all, and says what keeps the library from its best.

            Example:
              tenor doctor --json
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = Report.measured()
        if json {
            try StandardOutput.print(json: report)
        } else {
            print(report.text)
        }
    }
}

extension Doctor {
    struct Report: Encodable {
        var version: String
        var processor: String
        var processorCount: Int
        var vectorInstructions: String
        /// The BLAS kernels' name, what they use, the library's own description, its threads.
        var kernels: String
        var kernelInstructions: String
        var blas: String
        var threads: Int
        /// Single-precision matrix products, on one thread and on all.
        var sgemm: [Rate]
        /// Gigabytes a second of one thread's copies, read and written counted both.
        var copyGigabytesPerSecond: Double
        var warnings: [String]
    }

    /// Billions of floating-point operations a second, over several products.
    struct Rate: Encodable {
        var threads: Int
        var gigaflops: Double
        var lowest: Double
        var highest: Double
    }
}

extension Doctor.Report {
    static func measured() -> Doctor.Report {
        let machine = Machine.current()
        let threads = BLAS.threadCount
        let kernels = BLAS.coreName
        let counts = threads > 1 ? [1, threads] : [1]
        return Doctor.Report(
            version: Tenor.configuration.version, processor: machine.processor,
            processorCount: machine.processorCount, vectorInstructions: machine.vectors.name,
            kernels: kernels, kernelInstructions: VectorInstructions(core: kernels).name,
            blas: BLAS.configuration.trimmingCharacters(in: .whitespaces), threads: threads,
            sgemm: counts.map(SpeedTest.matrixProducts(threads:)),
            copyGigabytesPerSecond: SpeedTest.copies(),
            warnings: warnings(
                machine: machine, kernels: kernels, threads: threads,
                environment: ProcessInfo.processInfo.environment))
    }

    /// What keeps matrix products below what the machine can do.
    private static func warnings(
        machine: Machine, kernels: String, threads: Int, environment: [String: String]
    ) -> [String] {
        var warnings: [String] = []
        #if arch(x86_64)
            let used = VectorInstructions(core: kernels)
            if used < machine.vectors {
                let slow =
                    "\(kernels) kernels use \(used.name), and this CPU has \(machine.vectors.name)"
                if let pinned = environment["OPENBLAS_CORETYPE"] {
                    warnings.append(
                        "OPENBLAS_CORETYPE=\(pinned) pins the kernels: \(slow); unset it.")
                } else {
                    warnings.append("\(slow); a newer OpenBLAS may know this CPU.")
                }
            }
        #endif
        if let size = environment["OPENBLAS_L2_SIZE"] {
            warnings.append(
                "OPENBLAS_L2_SIZE=\(size) overrides the cache size that OpenBLAS finds; unset it.")
        }
        for name in ["OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"] {
            if let count = environment[name] {
                warnings.append(
                    "\(name)=\(count) sets the threads: \(threads) in use on "
                        + "\(machine.processorCount) CPUs.")
            }
        }
        if let quota = machine.processorQuota, quota < Double(threads) {
            warnings.append(
                String(
                    format: "the container may use %.1f CPUs and BLAS runs %d threads; ", quota,
                    threads) + "set OPENBLAS_NUM_THREADS to what it may use.")
        }
        return warnings
    }

    var text: String {
        var lines = [
            "Tenor    \(version)",
            "CPU      \(processor), \(processorCount) CPUs, \(vectorInstructions)",
            "BLAS     \(blas)",
            "Kernels  \(kernels) (\(kernelInstructions)), threads: \(threads)",
        ]
        for rate in sgemm {
            lines.append(
                String(
                    format: "sgemm    %.0f GFLOP/s (%.0f to %.0f), threads: %d", rate.gigaflops,
                    rate.lowest, rate.highest, rate.threads))
        }
        lines.append(
            String(format: "Memory   %.0f GB/s copied by one thread", copyGigabytesPerSecond))
        lines += warnings.map { "Warning: \($0)" }
        if warnings.isEmpty { lines.append("Nothing to warn of.") }
        return lines.joined(separator: "\n")
    }
}
