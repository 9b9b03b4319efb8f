import Random

/// How often each cluster of rows comes in each draw of a bootstrap: by a random stream, or as
/// somebody else drew it, so that the arithmetic that follows can be checked.
public struct Resampling: Sendable {
    /// What is drawn.
    public enum Kind: String, Sendable, Hashable {
        case days, bonds
        /// Groups of cells of a day and a bond.
        case cells
        /// Whole days, for the bands of a calibration curve.
        case calibrationDays
    }

    /// As many clusters as there are, with replacement, from a stream of its own a draw.
    public static let random = Resampling(counts: [:])

    private let counts: [Kind: [[Int]]]

    /// - Parameter counts: a list a draw: how often each cluster comes, the clusters in the order of
    ///   their first rows. Parts of the rows with fewer clusters take the first of them.
    public init(counts: [Kind: [[Int]]]) { self.counts = counts }

    /// How many draws there are where so many are wanted.
    func draws(_ kind: Kind, wanted: Int) -> Int { counts[kind]?.count ?? wanted }

    /// Calls a body with each cluster that a draw picks, as often as it comes.
    func forEachPick(_ kind: Kind, draw: Int, of clusters: Int, _ body: (Int) -> Void) {
        if let counts = counts[kind] {
            precondition(
                counts[draw].count >= clusters,
                "Resampling: \(counts[draw].count) counts for \(clusters) \(kind.rawValue)")
            for cluster in 0..<clusters {
                for _ in 0..<counts[draw][cluster] { body(cluster) }
            }
            return
        }
        var stream = RandomStream(seed: 7).stream(kind.rawValue).stream(draw)
        for _ in 0..<clusters { body(stream.integer(below: clusters)) }
    }
}
