import Files
import Foundation
import QuantileEvaluation
import Quantiles

/// What independent libraries say about the tables in `Fixtures`.
struct Reference {
    private let values: [String: Any]

    init() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("reference.json")))
        values = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    func number(_ key: String) -> Double {
        (values[key] as? NSNumber)?.doubleValue ?? .nan
    }

    func numbers(_ key: String) -> [Double] {
        (values[key] as? [NSNumber])?.map(\.doubleValue) ?? []
    }

    func table(_ key: String) -> [[Double]] {
        (values[key] as? [[NSNumber]])?.map { $0.map(\.doubleValue) } ?? []
    }
}

func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures").appendingPathComponent(name).path
}

func agrees(_ ours: Double?, _ theirs: Double, within tolerance: Double = 1e-9) -> Bool {
    guard let ours else { return false }
    return abs(ours - theirs) <= tolerance * max(1, abs(theirs))
}

func agree(_ ours: [Double], _ theirs: [Double]) -> Bool {
    !ours.isEmpty && ours.count == theirs.count && zip(ours, theirs).allSatisfy { agrees($0, $1) }
}

/// A folder that is removed when the body ends.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("evaluation-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// The error of a body, as text; empty where it does not throw.
func problem(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
