extension FundCheck {
    /// Every fund by each signal, its published net asset value, and what others published.
    static func section(
        _ signals: [(name: String, funds: [FundCheck])], published: [PublishedFigure]
    ) -> ReportSection? {
        guard let first = signals.first(where: { !$0.funds.isEmpty }) else { return nil }
        var table = ReportTable(
            header: [
                "", "days", "mean error", "95 % error", "times intraday", "intraday mean error",
                "intraday 95 % error", "par with a forecast", "mean age",
            ])
        for fund in first.funds.map(\.fund) {
            for (name, funds) in signals {
                guard let check = funds.first(where: { $0.fund == fund }) else { continue }
                table.add([
                    .word("\(fund), \(name)"), .count(check.endOfDay.count),
                    .number(check.endOfDay.mean), .number(check.endOfDay.high),
                    .count(check.intraday.count), .number(check.intraday.mean),
                    .number(check.intraday.high), .share(check.coverage), .seconds(check.age),
                ])
            }
            if let value = first.funds.first(where: { $0.fund == fund })?.netAssetValue,
                value.count > 0
            {
                table.add([
                    .word("\(fund), net asset value"), .count(value.count), .number(value.mean),
                    .number(value.high), .count(nil), .number(nil), .number(nil), .share(nil),
                    .seconds(nil),
                ])
            }
            for row in publishedRows(published, fund: fund) {
                table.add(row, isQuiet: true)
            }
        }
        let hasPublished = table.rows.contains(where: \.isQuiet)
        return ReportSection(
            title: "Bond funds",
            text:
                "What a fund is worth by the last medians of its bonds before that time, with its "
                + "cash, less the price of its shares, in dollars a share: at the last price of each "
                + "day, and at the first of every five minutes from 9:30 to 16:00 in New York. "
                + "Bonds without a forecast are priced at the mean yield of the others. Forecasts "
                + "of trades grow old between trades: a basket of forecasts that are days old "
                + "misses what yields did since."
                + (hasPublished ? " * Another period: a reference only." : ""),
            table: table, file: "funds")
    }

    private static func publishedRows(
        _ published: [PublishedFigure], fund: String
    ) -> [[Cell]] {
        let own = published.filter { $0.dimension == "etf" && $0.cohort.hasPrefix(fund + " ") }
        var signals: [String] = []
        for figure in own where !signals.contains(figure.signal) { signals.append(figure.signal) }
        return signals.map { signal in
            func value(_ what: String, percent: String) -> Cell {
                .number(
                    own.first {
                        $0.signal == signal && $0.cohort == "\(fund) \(what)"
                            && $0.percent == percent
                    }?.deviance)
            }
            return [
                .word("\(fund), \(signal), published*"), .count(nil),
                value("end of day mean", percent: ""), value("end of day", percent: "95"),
                .count(nil), .number(nil), value("intraday", percent: "95"), .share(nil),
                .seconds(nil),
            ]
        }
    }
}
