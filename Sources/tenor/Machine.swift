import Foundation

/// The computer that this runs on, as far as matrix products care.
struct Machine {
    /// The CPU's name, as its maker gives it.
    let processor: String
    /// CPUs that the system shows, hyperthreads included.
    let processorCount: Int
    /// The widest vector instructions of the CPU.
    let vectors: VectorInstructions
    /// CPUs' worth of time that a container may use; nil where nothing limits it.
    let processorQuota: Double?

    static func current() -> Machine {
        let description = read("/proc/cpuinfo")
        return Machine(
            processor: field("model name", of: description) ?? systemName(
                "machdep.cpu.brand_string")
                ?? "unknown",
            processorCount: ProcessInfo.processInfo.activeProcessorCount,
            vectors: VectorInstructions(
                flags: field("flags", of: description) ?? field("Features", of: description) ?? ""),
            processorQuota: quota(read("/sys/fs/cgroup/cpu.max")))
    }

    private static func read(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The value of the first `name : value` line.
    private static func field(_ name: String, of text: String) -> String? {
        text.split(separator: "\n").lazy.map { $0.split(separator: ":", maxSplits: 1) }
            .first { $0.count == 2 && $0[0].trimmingCharacters(in: .whitespaces) == name }
            .map { $0[1].trimmingCharacters(in: .whitespaces) }
    }

    /// `150000 100000` (microseconds of a period) is 1.5 CPUs; `max 100000` is no limit.
    private static func quota(_ text: String) -> Double? {
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard numbers.count == 2, let time = numbers[0], let period = numbers[1], period > 0 else {
            return nil
        }
        return time / period
    }

    private static func systemName(_ key: String) -> String? {
        #if canImport(Darwin)
            var size = 0
            guard sysctlbyname(key, nil, &size, nil, 0) == 0, size > 1 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctlbyname(key, &bytes, &size, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #else
            return nil
        #endif
    }
}

/// Generations of vector instructions that OpenBLAS has kernels for, narrow to wide.
enum VectorInstructions: Int, Comparable {
    case baseline, avx, avx2, avx512

    /// The widest that a CPU has, by the flags of `/proc/cpuinfo`.
    init(flags: String) {
        let flags = Set(flags.split(separator: " "))
        if flags.isSuperset(of: ["avx512f", "avx512dq", "avx512bw", "avx512vl"]) {
            self = .avx512
        } else if flags.isSuperset(of: ["avx2", "fma"]) {
            self = .avx2
        } else {
            self = flags.contains("avx") ? .avx : .baseline
        }
    }

    /// What the kernels of an OpenBLAS core use (names of its `dynamic.c`).
    init(core: String) {
        switch core.lowercased() {
        case "skylakex", "cooperlake", "sapphirerapids": self = .avx512
        case "haswell", "zen", "excavator": self = .avx2
        case "sandybridge", "bulldozer", "piledriver", "steamroller": self = .avx
        default: self = .baseline
        }
    }

    var name: String {
        switch self {
        case .baseline:
            #if arch(x86_64)
                "SSE"
            #else
                "baseline"
            #endif
        case .avx: "AVX"
        case .avx2: "AVX2"
        case .avx512: "AVX-512"
        }
    }

    static func < (lower: VectorInstructions, upper: VectorInstructions) -> Bool {
        lower.rawValue < upper.rawValue
    }
}
