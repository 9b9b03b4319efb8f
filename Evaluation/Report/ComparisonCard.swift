import Foundation
import Quantiles

extension ComparisonReport {
    /// What a user of our signal must know of how it stands among others, in Markdown: what it is,
    /// on which trades it was compared, how it did, where it falls behind, and how this was made.
    func modelCard() -> String {
        let parts: [(title: String, text: String)] = [
            ("What was compared", signals), ("Trades", trades),
            ("Accuracy", result.sideBySide.text + "\n\n" + result.sideBySide.table.markdown),
            ("Verdict", list(result.verdicts)), ("Limits", limits), ("How this was made", origin),
        ]
        return "# Model card: \(result.names[0])\n\n"
            + (result.headline ?? "Compared with \(result.names[1]) on the same trades.") + "\n"
            + parts.map { "\n## \($0.title)\n\n\($0.text)" }.joined()
    }

    private func list(_ lines: [String]) -> String { lines.map { "- \($0)\n" }.joined() }

    private var signals: String {
        list(
            result.names.indices.map { index in
                let levels = result.metrics[index][0].levels
                return (index == 0 ? "Ours: " : "")
                    + "\(result.names[index]), `\(result.files[index])`: "
                    + (result.isPoint[index] ? "one number" : counted(levels.count, "quantile"))
                    + " a trade"
                    + (result.units[index] == .price
                        ? "" : ", as \(result.units[index].rawValue), repriced")
            })
    }

    private var trades: String {
        let market = result.market.map {
            "Market: `\($0.folder)`" + ($0.isSimulated ? ", simulated" : "")
        }
        let filter = result.rules.filterText(in: result.market).map { ", \($0)" } ?? ""
        return list(
            [
                "\(counted(result.matched, "trade")) that all tables have; of "
                    + zip(result.names, result.funnels).map { name, funnel in
                        "\(grouped(funnel.rows.file)) rows of \(name)"
                    }.joined(separator: ", "),
                result.period.map { "Period: \(text($0))" }, market,
                result.isBond ? "Protocol: \(result.rules.name)\(filter)" : nil,
            ].compactMap(\.self))
    }

    /// Cohorts in which ours is surely behind, the largest first, and what the notes say.
    private var limits: String {
        let behind = result.parts[0].pairs.indices.compactMap { pair -> String? in
            let cohorts = result.cohorts.filter { part in
                guard let p = part.pairs[pair].adjusted["50"],
                    let difference = part.pairs[pair].difference("50")
                else { return false }
                return p < 0.05 && difference.difference > 0
            }.sorted { $0.rows > $1.rows }
            guard !cohorts.isEmpty else { return nil }
            let shown = cohorts.prefix(5).map(\.name.title).joined(separator: "; ")
            return
                "Behind \(result.names[pair + 1]) in \(counted(cohorts.count, "cohort")): \(shown)"
                + (cohorts.count > 5 ? "; …" : "") + "."
        }
        return list(behind + result.remarks)
    }

    private var origin: String {
        list([
            "`tenor compare`, Tenor \(version), \(date.formatted(.iso8601.year().month().day()))",
            "Intervals: pigeonhole bootstrap over days and bonds, \(grouped(Comparison.draws)) draws, "
                + "\(Comparison.cohortDraws) for cohorts; cohorts are corrected by Holm's method.",
            "Every number is in `metrics.json`, every table in a CSV file, every figure in an SVG file "
                + "beside this card.",
        ])
    }
}
