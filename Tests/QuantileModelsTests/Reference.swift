import Foundation

/// What `Fixtures/generate.py` computed with numpy and scipy.
struct Reference: Decodable {
    struct Column: Decodable {
        let name: String
        let train: [Float?]
        let new: [Float?]
        let standard: [Double]
        let quantileNormal: [Double]
        let missing: [Float]

        enum CodingKeys: String, CodingKey {
            case name, train, new, standard, missing
            case quantileNormal = "quantile_normal"
        }
    }

    struct Recalibration: Decodable {
        let labels: [Float]
        let forecasts: [Float]
        let shifts: [Float]
    }

    let columns: [Column]
    let levels: [Double]
    let recalibrations: [Recalibration]

    static func load() throws -> Reference {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/reference.json")
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }
}
