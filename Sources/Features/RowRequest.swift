import Bonds
import Tape

/// A trade that makes a row.
struct RowRequest {
    let trade: Trade
    let bond: Int
    let weight: Float

    /// Why a trade makes no row.
    enum Exclusion: String {
        /// It was cancelled, corrected or reversed later.
        case withdrawn
        case undisseminated
        /// Below the least quantity.
        case small
        /// A small trade that was not drawn.
        case notSampled = "not_sampled"
        /// Executed on the bond's dated date or before: at the price of the issue.
        case newIssue = "new_issue"
        /// Reported more than five days after its execution.
        case reportedLate = "reported_late"
        /// Reported before its execution: its own row would see it.
        case reportedEarly = "reported_early"
        /// Another trade of the day has its identifier.
        case duplicate
        /// The bond had matured, or there was no Treasury tick before.
        case unpriced
    }

    /// The request of a trade, or why it makes no row.
    static func make(
        _ trade: Trade, bond: Int, terms: BondTerms, day: CalendarDate, minimumQuantity: Double
    ) -> Result<RowRequest, ExclusionError> {
        func no(_ exclusion: Exclusion) -> Result<RowRequest, ExclusionError> {
            .failure(ExclusionError(exclusion: exclusion))
        }
        guard trade.holds else { return no(.withdrawn) }
        guard trade.isDisseminated else { return no(.undisseminated) }
        guard trade.reportTime >= trade.executionTime else { return no(.reportedEarly) }
        guard trade.quantity >= minimumQuantity else { return no(.small) }
        if let dated = terms.datedDate, day <= dated { return no(.newIssue) }
        guard trade.reportTime - trade.executionTime <= FeatureBuild.longestDelay else {
            return no(.reportedLate)
        }
        guard trade.quantity < FeatureBuild.smallQuantity else {
            return .success(RowRequest(trade: trade, bond: bond, weight: 1))
        }
        // By the identifier, so that the same trades are drawn whatever else is there.
        guard FeatureEngine.key(trade.tradeID) % FeatureBuild.smallShare == 0 else {
            return no(.notSampled)
        }
        return .success(
            RowRequest(trade: trade, bond: bond, weight: Float(FeatureBuild.smallShare)))
    }

    struct ExclusionError: Error {
        let exclusion: Exclusion
    }
}
