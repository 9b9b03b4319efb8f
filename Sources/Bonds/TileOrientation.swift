/// From the price tiles of a forecast to its yield and spread tiles.
///
/// A high price is a low yield, so the order turns round: `ytm_k_tile` is the yield of the
/// `(100-k)_tile`, and `spread_k_tile = 100 * (ytm_k_tile - treasury_yield_mid)`; each ascends.
public enum TileOrientation {
    /// Yield tiles in percent of many forecasts.
    ///
    /// Shape: `[row, level]`, levels ascending and symmetric about one half.
    /// - Parameters:
    ///   - priceTiles: clean prices per 100 of par.
    ///   - cashFlows: what each row's bond still pays; nil where it has matured.
    /// - Returns: the tiles, NaN (an empty cell) where a price has no yield in range, and how many
    ///   those are. Nothing is clamped.
    public static func yieldTiles(
        priceTiles: [Double], cashFlows: [RemainingCashFlows?]
    ) -> (tiles: [Double], missing: Int) {
        var tiles = PriceArrays.yields(cleanPrices: priceTiles, cashFlows: cashFlows)
        guard !cashFlows.isEmpty else { return ([], 0) }
        let levels = tiles.count / cashFlows.count
        var missing = 0
        for row in cashFlows.indices { tiles[row * levels..<(row + 1) * levels].reverse() }
        for tile in tiles where tile.isNaN { missing += 1 }
        return (tiles, missing)
    }

    /// Spread tiles in basis points over each row's Treasury yield in percent; NaN where either is.
    public static func spreadTiles(yieldTiles: [Double], treasuryYields: [Double]) -> [Double] {
        guard !treasuryYields.isEmpty else { return [] }
        let levels = yieldTiles.count / treasuryYields.count
        precondition(
            yieldTiles.count == levels * treasuryYields.count,
            "spreadTiles: \(yieldTiles.count) tiles beside \(treasuryYields.count) Treasury yields")
        return yieldTiles.indices.map { spread(yieldTiles[$0], over: treasuryYields[$0 / levels]) }
    }

    /// The spread in basis points of a yield over a Treasury's, both in percent.
    public static func spread(_ yield: Double, over treasuryYield: Double) -> Double {
        100 * (yield - treasuryYield)
    }
}
