import Bonds
import Datasets
import FairValue
import Files
import Tape

/// Where each family stands in the state of a bond, and the schema that says so.
///
/// The first 104 steps of 16 channels are the sequence part. Behind it stand families of fixed size,
/// then a feature for each sector of the market, then what only some markets have.
public struct FeatureLayout: Sendable {
    public let schema: FeatureSchema
    /// At most ``mostSectors`` names, those of the most bonds.
    public let sectors: [String]
    /// Whether there are spreads of default swaps.
    public let hasSwaps: Bool
    /// Whether trades name their dealers.
    public let hasDealers: Bool
    /// Those of the filter whose fair prices labels are measured from.
    public let kalman: KalmanParameters

    static let channels = 16
    static let ownSteps = 32
    static let issuerSteps = 32
    static let peerSteps = 16
    static let lagSteps = 24
    static let issuerStart = ownSteps * channels
    static let peerStart = (ownSteps + issuerSteps) * channels
    static let printSteps = ownSteps + issuerSteps + peerSteps
    static let historyStart = printSteps * channels
    static let decayedStart = historyStart + lagSteps * channels
    static let marketStart = decayedStart + 216
    static let bondStart = marketStart + 32
    static let calendarStart = bondStart + 52
    static let signalStart = calendarStart + 16
    static let fairStart = signalStart + 24
    static let sectorStart = fairStart + 8
    static let mostSectors = 12
    static let swapWidth = 4
    static let dealerWidth = 3
    var swapStart: Int { Self.sectorStart + sectors.count }
    var dealerStart: Int { swapStart + (hasSwaps ? Self.swapWidth : 0) }

    /// Numbers in the state of a bond.
    public var stateWidth: Int { schema.state.count }
    /// Numbers in the condition of a trade.
    public static let conditionWidth = 32
    /// The series of `markets.csv` that features are made of.
    public static let marketSymbols = MarketGrid.symbols

    static let swapOption = "swaps"
    static let dealerOption = "dealers"

    /// - Parameter sectors: those that get a feature; a market of one sector has none.
    public init(
        sectors: [String], hasSwaps: Bool, hasDealers: Bool,
        kalman: KalmanParameters = KalmanParameters()
    ) {
        self.sectors = sectors
        self.kalman = kalman
        self.hasSwaps = hasSwaps
        self.hasDealers = hasDealers
        schema = FeatureSchema(
            state: FeatureNames.state(
                sectors: sectors, hasSwaps: hasSwaps, hasDealers: hasDealers),
            condition: FeatureNames.condition,
            sequences: [
                .init(name: "own", start: 0, steps: Self.ownSteps),
                .init(name: "issuer", start: Self.ownSteps, steps: Self.issuerSteps),
                .init(
                    name: "peers", start: Self.ownSteps + Self.issuerSteps, steps: Self.peerSteps),
                .init(name: "market", start: Self.printSteps, steps: Self.lagSteps),
            ], channels: Self.channels, sectors: sectors,
            options: (hasSwaps ? [Self.swapOption] : [])
                + (hasDealers ? [Self.dealerOption] : []), constants: kalman.constants)
    }

    /// The layout of a market folder: its sectors, and what its files have.
    public init(
        market folder: String, bonds: BondTable, kalman: KalmanParameters = KalmanParameters()
    ) throws(FileError) {
        var counts: [String: Int] = [:]
        for bond in bonds.rows where !bond.sector.isEmpty { counts[bond.sector, default: 0] += 1 }
        let largest = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .prefix(Self.mostSectors).map(\.key).sorted()
        let trades = try TradeReader(
            path: TradeFile.path(market: folder), disorder: MarketReplay.tradeDisorder)
        let first = try trades.next() ?? []
        self.init(
            sectors: largest.count > 1 ? largest : [],
            hasSwaps: try SwapRow.path(market: folder) != nil,
            hasDealers: first.contains { !$0.dealer.isEmpty }, kalman: kalman)
    }

    /// The layout that a schema describes.
    /// - Throws: `FileError` where this version computes features otherwise.
    public init(schema: FeatureSchema, file: String) throws(FileError) {
        self.init(
            sectors: schema.sectors, hasSwaps: schema.options.contains(Self.swapOption),
            hasDealers: schema.options.contains(Self.dealerOption),
            kalman: KalmanParameters(constants: schema.constants) ?? KalmanParameters())
        guard self.schema.hash == schema.hash else {
            throw FileError(
                .badData, file: file, "the features were made by another version of Tenor",
                expected: "schema \(self.schema.hash)", found: schema.hash,
                advice: "Build the store anew with tenor features")
        }
    }
}
