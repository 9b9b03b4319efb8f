import Quantiles

/// The quotes of a table, found by bond, side, venue, size and time.
struct QuoteBook {
    private let table: ForecastTable
    /// Rows by series, then size, then time.
    private let rows: [Int32]
    private let time: [Int64]
    /// The quoted sizes of each series: dollars of par, and the places in `rows`.
    private let sizes: [[(quantity: Double, places: Range<Int>)]]
    private let rules: QuoteRules
    private let usesSide: Bool
    private let usesATS: Bool

    /// Sides and venues of a bond, those that take no part being 0.
    private static let kinds = 12
    /// The size of quotes that name none: they are of any size.
    private static let anySize = -1.0

    init(_ table: ForecastTable, _ quotes: TradeColumns, rules: QuoteRules) {
        let usesSide = rules.matchesSide && quotes.side != nil
        let usesATS = rules.matchesATS && quotes.isATS != nil
        let series = quotes.bond.indices.map { row in
            Self.series(
                quotes.bond[row], side: usesSide ? quotes.side?[row] : nil,
                isATS: usesATS ? quotes.isATS?[row] : nil)
        }
        let quantity = quotes.bond.indices.map { row in
            quotes.quantity.map { $0[row].isNaN ? Self.anySize : $0[row] } ?? Self.anySize
        }
        var entries = series.indices.map {
            (series: series[$0], quantity: quantity[$0], time: quotes.time[$0], row: Int32($0))
        }
        entries.sort {
            ($0.series, $0.quantity, $0.time, $0.row) < ($1.series, $1.quantity, $1.time, $1.row)
        }
        var sizes: [[(quantity: Double, places: Range<Int>)]] = Array(
            repeating: [], count: quotes.bonds.count * Self.kinds)
        var start = 0
        while start < entries.count {
            let (series, quantity) = (entries[start].series, entries[start].quantity)
            var end = start + 1
            while end < entries.count, entries[end].series == series,
                entries[end].quantity == quantity
            {
                end += 1
            }
            sizes[series].append((quantity, start..<end))
            start = end
        }
        self.table = table
        rows = entries.map(\.row)
        time = entries.map(\.time)
        self.sizes = sizes
        self.rules = rules
        self.usesSide = usesSide
        self.usesATS = usesATS
    }

    private static func series(_ bond: Int32, side: TradeSide?, isATS: Bool?) -> Int {
        let sideNumber = side.map { Int($0.rawValue) + 1 } ?? 0
        let venue = isATS.map { $0 ? 2 : 1 } ?? 0
        return Int(bond) * kinds + sideNumber * 3 + venue
    }

    /// A forecast for a trade.
    struct Quote {
        /// In the order of the levels.
        var tiles: [Double]
        /// Nanoseconds; of two quotes that of the older one.
        let age: Int64
        let isInterpolated: Bool
        /// Whether it is of the outermost size, and the trade's lies beyond.
        let isBeyondSizes: Bool
    }

    /// Why a trade has no quote.
    enum Absence: Error {
        case otherSideOrVenue, notYetQuoted, tooOld, otherSize
    }

    /// The last quote strictly before a time.
    /// - Parameters:
    ///   - bond: its number among the quotes' bonds.
    ///   - quantity: dollars of par.
    ///   - start: the time before which a quote is too old.
    func quote(
        bond: Int32, side: TradeSide, isATS: Bool, quantity: Double, before time: Int64,
        since start: Int64
    ) throws(Absence) -> Quote {
        let series = sizes[
            Self.series(bond, side: usesSide ? side : nil, isATS: usesATS ? isATS : nil)]
        guard !series.isEmpty else { throw .otherSideOrVenue }
        var lower: (quantity: Double, places: Range<Int>)?
        var upper: (quantity: Double, places: Range<Int>)?
        var isQuoted = false
        for size in series {
            guard let places = last(of: size.places, before: time) else { continue }
            isQuoted = true
            guard self.time[places.lowerBound] >= start else { continue }
            if size.quantity <= quantity {
                lower = (size.quantity, places)
            } else {
                upper = (size.quantity, places)
                break
            }
        }
        switch (lower, upper) {
        case (nil, nil): throw isQuoted ? .tooOld : .notYetQuoted
        case (let one?, nil), (nil, let one?):
            let isBeyond = one.quantity != quantity && one.quantity != Self.anySize
            guard !isBeyond || rules.reachesBeyondSizes else { throw .otherSize }
            return Quote(
                tiles: tiles(one.places), age: age(one.places, time), isInterpolated: false,
                isBeyondSizes: isBeyond)
        case (let lower?, let upper?):
            var share = (quantity - lower.quantity) / (upper.quantity - lower.quantity)
            if !rules.interpolatesSize || lower.quantity == Self.anySize {
                share = lower.quantity == Self.anySize ? 0 : share.rounded()
            }
            if share == 0 || share == 1 {
                let places = share == 0 ? lower.places : upper.places
                return Quote(
                    tiles: tiles(places), age: age(places, time), isInterpolated: false,
                    isBeyondSizes: false)
            }
            return Quote(
                tiles: zip(tiles(lower.places), tiles(upper.places)).map {
                    share * $1 + (1 - share) * $0
                },
                age: max(age(lower.places, time), age(upper.places, time)), isInterpolated: true,
                isBeyondSizes: false)
        }
    }

    private func age(_ places: Range<Int>, _ time: Int64) -> Int64 {
        time - self.time[places.lowerBound]
    }

    /// The quotes of the last time strictly before another one: usually one.
    private func last(of places: Range<Int>, before limit: Int64) -> Range<Int>? {
        var low = places.lowerBound
        var high = places.upperBound
        while low < high {
            let middle = (low + high) / 2
            if time[middle] < limit { low = middle + 1 } else { high = middle }
        }
        guard low > places.lowerBound else { return nil }
        var first = low - 1
        while first > places.lowerBound, time[first - 1] == time[low - 1] { first -= 1 }
        return first..<low
    }

    /// The tiles of a quote; where several are of one time their mean.
    private func tiles(_ places: Range<Int>) -> [Double] {
        guard places.count > 1 else {
            return Array(table.tiles(row: Int(rows[places.lowerBound])))
        }
        var sum = [Double](repeating: 0, count: table.levels.count)
        for place in places {
            for (level, tile) in table.tiles(row: Int(rows[place])).enumerated() {
                sum[level] += tile / Double(places.count)
            }
        }
        return sum
    }
}
