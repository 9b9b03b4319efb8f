import Bonds
import Datasets

/// The definitions of all features, in the order of the layout.
enum FeatureNames {
    static let lagNames = [
        "5m", "10m", "15m", "20m", "30m", "45m", "1h", "90m", "2h", "3h", "4h", "6h", "1d", "2d",
        "3d", "4d", "5d", "6d", "7d", "9d", "11d", "13d", "16d", "last_print",
    ]
    static let groups = ["bond", "issuer", "sector_class", "sector", "bucket", "grade"]

    static func state(
        sectors: [String], hasSwaps: Bool, hasDealers: Bool
    ) -> [FeatureDefinition] {
        var all =
            sequences + history + decayed + market + bond + calendar + signals + fairValue
        all += sectors.map {
            define("bond.sector.\($0)", "bond", "1 if so", "now", "0 in another sector")
        }
        if hasSwaps {
            all += rows(
                "swaps", "last close before today", "0 where the issuer has no default swap",
                [
                    ("exists", "1 if so"), ("basis", "log spread over the bond's"),
                    ("change.1", "log spread"), ("change.5", "log spread"),
                ])
        }
        if hasDealers {
            all += rows(
                "dealers", "trading days", "0 without a print",
                [
                    ("bond.today", "ln(1 + dealers)"), ("bond.5d", "ln(1 + dealers)"),
                    ("issuer.today", "ln(1 + dealers)"),
                ])
        }
        return all
    }

    private static func define(
        _ name: String, _ family: String, _ unit: String, _ window: String, _ missing: String
    ) -> FeatureDefinition {
        FeatureDefinition(
            name: name, family: family, unit: unit, window: window, missing: missing)
    }

    private static func rows(
        _ family: String, _ window: String, _ missing: String, _ features: [(String, String)]
    ) -> [FeatureDefinition] {
        features.map { define("\(family).\($0.0)", family, $0.1, window, missing) }
    }

    // MARK: Sequences of prints

    private static let sequences: [FeatureDefinition] = {
        let common = [
            ("exists", "1 if so"), ("residual", "label units"), ("raw_residual", "label units"),
            ("age", "ln(1 + 10 minutes)"), ("fading_residual", "label units"),
            ("side", "+1 offer, -1 bid"), ("inter_dealer", "1 if so"), ("size", "log10 $ millions"),
            ("ats", "1 if so"), ("weighted_residual", "label units"), ("weight", "1e-3 / variance"),
            ("credit_move", "label units"), ("curve_move", "label units"),
        ]
        let own =
            common + [
                ("innovation", "label units"), ("price_gap", "label units"), ("capped", "1 if so"),
            ]
        let others =
            common + [
                ("maturity_gap", "ln years"), ("risk_gap", "ln DV01 x spread"),
                ("is_newer", "1 if after the bond's last print"),
            ]
        var all: [FeatureDefinition] = []
        for (family, steps, channels) in [
            ("own", FeatureLayout.ownSteps, own), ("issuer", FeatureLayout.issuerSteps, others),
            ("peers", FeatureLayout.peerSteps, others),
        ] {
            for step in 0..<steps {
                for (name, unit) in channels {
                    all.append(
                        define(
                            "\(family).\(step < 10 ? "0" : "")\(step).\(name)", family, unit,
                            "print \(step + 1) from the newest", "0 where there is no such print"))
                }
            }
        }
        return all
    }()

    // MARK: History of the market

    private static let history: [FeatureDefinition] = {
        let series =
            TreasuryRow.tenors.map { ("ust\($0)", "10 basis points") }
            + [("lqd", "points"), ("hyg", "points"), ("jnk", "points")]
            + [("spy", "percent"), ("qqq", "percent")]
            + [
                ("equity", "5 percent"), ("sector_equity", "5 percent"),
                ("credit", "label units"), ("issuer", "label units"),
            ]
        return lagNames.enumerated().flatMap { step, lag in
            series.enumerated().map { channel, entry in
                let isClose = channel == 12 || channel == 13
                return define(
                    "market.\(lag).\(entry.0)", "market_history", entry.1,
                    isClose ? closeWindow(step) : lag,
                    isClose ? "0 where no share is listed" : "the oldest value stands before it")
            }
        }
    }()

    static func closeWindow(_ step: Int) -> String {
        step < 12
            ? "\(step + 1) closes"
            : "against the mean of closes, half-life \(Int(closeHalfLives[step - 12] * 10)) / 10"
    }

    static let closeHalfLives = [1.0, 1.5, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40]

    // MARK: Decayed statistics

    private static let decayed: [FeatureDefinition] = groups.flatMap { group in
        DecayedSums.halfLifeNames.flatMap { halfLife in
            [
                ("innovation", "label units"), ("weight", "ln(1 + weight)"),
                ("flow", "signed ln(1 + sqrt $ millions)"), ("count", "ln(1 + prints)"),
                ("deviation", "ln(.001 + log spread)"), ("ats", "share"),
            ].map { name, unit in
                define(
                    "decayed.\(group).\(halfLife).\(name)", "decayed", unit,
                    "half-life \(halfLife) of trading time", "as for no print")
            }
        }
    }

    // MARK: Levels of the market

    private static let market: [FeatureDefinition] = {
        var all = TreasuryRow.tenors.map {
            define("level.ust\($0)", "market_level", "percent, less 4", "now", "0 before a tick")
        }
        for name in ["2s10s", "5s30s", "butterfly"] {
            all.append(define("level.\(name)", "market_level", "percent", "now", "0 before a tick"))
        }
        for (name, base) in [("ig", "4.7"), ("hy", "5.8")] {
            all.append(
                define(
                    "level.credit.\(name)", "market_level", "log spread, less \(base)", "now",
                    "0 before a tick"))
        }
        for days in ["5d", "20d"] {
            for name in ["ig", "hy"] {
                all.append(
                    define(
                        "level.credit.\(name).score.\(days)", "market_level", "deviations",
                        "half-life \(days)", "0 before a tick"))
            }
        }
        for series in ["spy", "lqd", "hyg", "ust10"] {
            for (index, days) in ["3h", "1d", "5d", "20d"].enumerated()
            where series != "ust10" || index % 2 == 1 {
                all.append(
                    define(
                        "level.\(series).deviation.\(days)", "market_level", "ln a day's deviation",
                        "half-life \(days)", "as for no move"))
            }
        }
        for name in ["ig", "hy"] {
            all.append(
                define(
                    "level.basis.\(name)", "market_level", "percent of spread",
                    "half-life 1d of the class's innovations", "0 without a print"))
        }
        return all
    }()

    // MARK: The bond

    private static let bond: [FeatureDefinition] = {
        let now = [
            ("notch", "9 notches from BBB-"), ("log_years", "ln 5 years"),
            ("years", "10 years, less 1"), ("coupon", "percent, less 4.5"),
            ("log_amount", "ln $600 millions"), ("age", "ln(1 + years)"),
            ("log_spread", "ln basis points, less 5"), ("log_dv01", "ln 4 cents"),
            ("price", "10 points from 97"), ("log_unit_per_spread", "ln label units"),
            ("log_unit", "ln points"), ("deviation", "10 % of spread"),
            ("since_print", "ln(1 + days / 60)"), ("cohort_gap", "5 label units"),
            ("surprise", "ln log spread"), ("surprise_units", "ln label units"),
            ("high_yield", "1 if so"), ("traded_today", "1 if so"), ("callable", "1 if so"),
            ("call_gap", "points over the next call price"),
        ]
        let counts = [
            ("prints.today", "ln(1 + prints)"), ("prints.5d", "ln(1 + prints)"),
            ("prints.10d", "ln(1 + prints)"), ("face.today", "ln(1 + $ millions)"),
            ("face.5d", "ln(1 + $ millions)"), ("face.10d", "ln(1 + $ millions)"),
            ("since_large_print", "ln(1 + days / 60)"), ("issuer_bonds", "ln(1 + bonds)"),
            ("issuer_share", "share of the issuer's prints"),
            ("issuer_gap", "log spread over the issuer's mean"),
            ("issuer_curve_gap", "log spread over the issuer's curve"),
            ("prints.ever", "ln(1 + prints)"), ("print_gap", "ln days"),
            ("mean_size", "log10 $ millions"), ("mean_side", "share"),
            ("accrued", "share of a coupon"), ("coupon_gap", "percent over the yield"),
            ("yield", "percent, less 5"),
        ]
        return rows("bond", "now", "0, or the bond's cohort where it has no print", now + counts)
            + ["1y", "2y", "4y", "7y", "11y", "18y", "28y"].map {
                define("bond.maturity.\($0)", "bond", "weight of the knot", "now", "never")
            }
            + ["AA", "A+", "A-", "BBB", "BB+", "BB-", "B-"].map {
                define("bond.rating.\($0)", "bond", "weight of the knot", "now", "unrated is BB-")
            }
    }()

    // MARK: The calendar

    private static let calendar: [FeatureDefinition] = rows(
        "calendar", "now", "never",
        [
            ("day", "share of 8:00 to 18:00"), ("sine.1", "cycle a day"),
            ("cosine.1", "cycle a day"),
            ("sine.2", "two cycles a day"), ("cosine.2", "two cycles a day"),
            ("opening", "decay of 30 minutes from 8:30"),
            ("closing", "decay of 30 minutes around 16:00"),
            ("monday", "1 if so"), ("tuesday", "1 if so"), ("wednesday", "1 if so"),
            ("thursday", "1 if so"), ("friday", "1 if so"),
            ("month_end", "decay of 2 business days"), ("month_start", "decay of 2 business days"),
            ("holiday", "decay of 10 business days"), ("after_equities", "1 from 16:00"),
        ])

    // MARK: Signals of the literature

    private static let signals: [FeatureDefinition] = rows(
        "signals", "trading days", "0 without a print",
        [
            ("velocity.1d", "10 % of spread"), ("velocity.5d", "10 % of spread"),
            ("velocity.10d", "10 % of spread"), ("acceleration.1d", "10 % of spread"),
            ("acceleration.5d", "10 % of spread"), ("face_spike", "deviations, 5 of 63 days"),
            ("count_spike", "deviations, 5 of 63 days"), ("face_spike.today", "deviations"),
            ("bid_offer.bond", "label units"), ("bid_offer.issuer", "label units"),
            ("bid_offer.sector_class", "label units"), ("imbalance.bond", "-1 to 1"),
            ("imbalance.issuer", "-1 to 1"), ("imbalance.sector_class", "-1 to 1"),
            ("inter_dealer_share", "share"), ("issuer_slope", "log spread, 10 less 2 years"),
            ("issuer_slope_points", "percent, 10 less 2 years"),
            ("sector_gap", "log spread over the sector's median"),
            ("bucket_gap", "log spread over the rating's median"),
            ("sector_beta", "change for the sector's, less 1"),
            ("spread_to_worst", "ln basis points, less 5"),
            ("worst_gap", "percent below the spread to maturity"),
            ("mean_gap", "log spread over its 20-day mean"),
            ("log_volatility", "ln log spread a day"),
        ])

    // MARK: The filter of the market

    private static let fairValue: [FeatureDefinition] = rows(
        "fair_value", "now", "as for a bond of its cohort",
        [
            ("deviation", "ln label units"), ("half_spread.1mm", "label units"),
            ("noise.1mm", "ln label units"), ("half_spread.100k", "label units"),
            ("noise.100k", "ln label units"), ("class_scale", "ln of the variances' factor"),
            ("bond_scale", "ln of the variances' factor"),
            ("own_gap", "label units of the bond's own filter over it"),
        ])

    // MARK: The condition

    static let condition: [FeatureDefinition] = {
        let plain = [
            ("offer", "1 if so"), ("bid", "1 if so"), ("inter_dealer", "1 if so"),
            ("side", "+1 offer, -1 bid"), ("size", "log10 $ millions"), ("ats", "1 if so"),
            ("small_side", "log10 $ millions below 1"), ("large_side", "log10 $ millions above 1"),
            ("ats_side", "+1 offer, -1 bid"), ("ats_inter_dealer", "1 if so"),
        ]
        let knots = ConditionFeatures.knots.map { "\(Int(($0 * 10).rounded()))" }
        return rows("condition", "the trade", "never", plain)
            + ["size", "side"].flatMap { name in
                knots.map {
                    define(
                        "condition.\(name)_at.\($0)", "condition", "weight of the knot",
                        "the trade", "never")
                }
            }
    }()
}
