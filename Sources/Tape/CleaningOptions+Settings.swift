import Files

extension CleaningOptions {
    /// Reads the switches that are set, by their names in small letters: `as_of: true`,
    /// `settlement_days: null`; the others keep their defaults. An unknown one throws.
    public init(settings: Settings) throws(FileError) {
        self.init()
        let defaults = self
        func flag(_ key: String, _ path: KeyPath<CleaningOptions, Bool>) throws(FileError) -> Bool {
            try settings.bool(key, default: defaults[keyPath: path])
        }
        whenIssued = try flag("when_issued", \.whenIssued)
        lockedIn = try flag("locked_in", \.lockedIn)
        specialPrice = try flag("special_price", \.specialPrice)
        specialCondition = try flag("special_condition", \.specialCondition)
        primaryMarket = try flag("primary_market", \.primaryMarket)
        affiliate = try flag("affiliate", \.affiliate)
        freeAgency = try flag("free_agency", \.freeAgency)
        repeatedReports = try flag("repeated_reports", \.repeatedReports)
        asOf = try flag("as_of", \.asOf)
        yieldAsPrice = try flag("yield_as_price", \.yieldAsPrice)
        matured = try flag("matured", \.matured)
        decimalShift = try flag("decimal_shift", \.decimalShift)
        bounceBack = try flag("bounce_back", \.bounceBack)
        aggregate = try flag("aggregate", \.aggregate)
        minimumQuantity = try settings.double(
            "minimum_quantity", default: minimumQuantity, in: .leastNonzeroMagnitude...1e12)
        if settings.keys.contains("settlement_days") {
            settlementDays = try settings.optionalInt("settlement_days", in: 0...3_650)
        }
        if settings.keys.contains("offering_share") {
            offeringShare = try settings.optionalDouble("offering_share", in: 0...1_000)
        }
        if settings.keys.contains("highest_price") {
            prices = try settings.optionalDouble("highest_price", in: 1...1e9).map { 0...$0 }
        }
        try settings.finish()
    }
}
