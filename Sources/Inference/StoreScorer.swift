import Arrays
import Datasets
import Files
import QuantileModels
import Quantiles

/// Scores rows of a feature store with a checkpoint that was trained on such a store.
public struct StoreScorer: Sendable {
    public let model: QuantileModel
    private static let rowsPerBlock = 2_048

    public init(model: QuantileModel) { self.model = model }

    /// The rows of a part of the split that training made, or all rows.
    ///
    /// Test goes on to the last day of the store, so that later days count too.
    /// - Throws: ``Files/FileError`` where the checkpoint does not know the part.
    public func rows(of store: FeatureStore, part: SplitPart?) throws(FileError) -> Range<Int> {
        guard let part else { return 0..<store.rowCount }
        let days = model.provenance["split.\(part.rawValue)"]?.split(separator: ".")
        guard let days, days.count == 2 else {
            throw FileError(
                .badData, file: store.path, "the checkpoint knows no \(part.rawValue) days",
                advice: "Score all rows, without --split")
        }
        return store.rows(
            from: String(days[0]), through: part == .test ? nil : String(days[1]))
    }

    /// Writes the forecast table of some rows, in the columns of the AXOR data dictionary that the
    /// store has keys for; it appears when it is complete.
    ///
    /// - Parameter onProgress: Called with the rows done; an error that it throws ends the work.
    /// - Throws: ``Files/FileError`` for a store of another schema or with numbers that cannot be,
    ///   or a table that cannot be written.
    public func score(
        _ store: FeatureStore, rows: Range<Int>, to output: String,
        onProgress: (Int) throws -> Void = { _ in }
    ) throws {
        try model.require(
            store.schema, of: store.path, "the store has other features than the checkpoint",
            advice: "Build the store with the version of tenor that trained the checkpoint")
        try store.requireSound()
        var tiles: [Double] = []
        tiles.reserveCapacity(rows.count * model.levels.count)
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsPerBlock) {
            let block = start..<min(start + Self.rowsPerBlock, rows.upperBound)
            let forecasts = model.forecast(
                FeatureMatrix(names: model.features, values: store.features(of: block)),
                references: ReferenceRows(
                    references: store.values(.reference, rows: block),
                    scales: store.values(.scale, rows: block)))
            tiles += forecasts.elements.lazy.map(Double.init)
            try onProgress(block.upperBound - rows.lowerBound)
        }
        try table(store, rows, tiles: tiles, file: output).write(to: output)
    }

    private func table(
        _ store: FeatureStore, _ rows: Range<Int>, tiles: [Double], file: String
    ) -> ForecastTable {
        let side = store.values(.side, rows: rows)
        let price = store.values(.price, rows: rows)
        func column(_ name: String, _ cells: [String]) -> TextColumn {
            TextColumn(name: name, cells)
        }
        return ForecastTable(
            file: file, levels: model.levels, tiles: tiles, label: price,
            executionDate: store.values(.time, rows: rows),
            otherColumns: [
                column("trade_id", store.values(.tradeID, rows: rows)),
                column("cusip", store.values(.cusip, rows: rows)),
                column("figi", store.values(.figi, rows: rows)),
                column("report_date", store.values(.reportTime, rows: rows).map(String.init)),
                column(
                    "ats_indicator", store.values(.ats, rows: rows).map { $0 == 0 ? "N" : "Y" }),
                column("buy_sell", side.map { $0 == 0 ? "B" : "S" }),
                column("side", side.map { $0 == 2 ? "D" : "C" }),
                column("quantity", store.values(.quantity, rows: rows).map { "\($0)" }),
                column("price", price.map { "\($0)" }),
            ])
    }
}
