import Tape

/// How trades divide by size.
struct SizeCounts {
    private(set) var trades = 0
    private(set) var large = 0
    private var million = 0
    private var fiveMillion = 0
    private var face = 0.0
    private var faceOfMillion = 0.0

    mutating func count(_ trade: SimulatedTrade) {
        trades += 1
        face += trade.quantity
        if trade.quantity >= MarketCheck.largeQuantity { large += 1 }
        if trade.quantity >= 1e6 {
            million += 1
            faceOfMillion += trade.quantity
        }
        if trade.quantity >= 5e6 { fiveMillion += 1 }
    }

    var rows: [CheckReport.Row] {
        let all = Double(trades)
        return [
            ("share of trades of 150k or more", 0.31, Double(large) / all),
            ("share of trades of 1 million or more", 0.10, Double(million) / all),
            ("share of trades of 5 million or more", 0.011, Double(fiveMillion) / all),
            ("share of face in trades of 1 million or more", 0.71, faceOfMillion / face),
        ].map { name, expected, found in
            CheckReport.Row(
                name, expected: expected, found, from: 0.8 * expected, to: 1.2 * expected)
        }
    }
}

/// How trades divide by side and venue.
struct SideCounts {
    private var trades = 0
    private var bySide = [0, 0, 0]
    private var onATS = 0
    private var large = 0
    private var largeOnATS = 0

    mutating func count(_ trade: SimulatedTrade) {
        trades += 1
        bySide[Int(trade.side.rawValue)] += 1
        if trade.isATS { onATS += 1 }
        guard trade.quantity >= MarketCheck.largeQuantity else { return }
        large += 1
        if trade.isATS { largeOnATS += 1 }
    }

    var rows: [CheckReport.Row] {
        let all = Double(trades)
        return [
            ("share of dealers' purchases", 0.33, Double(bySide[0]) / all),
            ("share of dealers' sales", 0.37, Double(bySide[1]) / all),
            ("share of trades between dealers", 0.30, Double(bySide[2]) / all),
            ("share on ATS", 0.34, Double(onATS) / all),
            ("share on ATS of 150k or more", 0.16, Double(largeOnATS) / Double(large)),
        ].map { name, expected, found in
            CheckReport.Row(
                name, expected: expected, found, from: expected - 0.04, to: expected + 0.04)
        }
    }
}
