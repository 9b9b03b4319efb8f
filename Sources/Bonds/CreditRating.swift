/// A letter rating as a number of notches below the best.
public struct CreditRating: Sendable, Hashable, Comparable {
    /// 0 for AAA (Aaa) to 21 for D.
    public let notch: Int

    /// - Precondition: `notch` is from 0 to 21.
    public init(notch: Int) {
        precondition(Self.letters.indices.contains(notch), "no rating has notch \(notch)")
        self.notch = notch
    }

    /// The rating that letters of S&P, Fitch or Moody's name; nil for any others.
    public init?(_ letters: String) {
        guard
            let notch = Self.letters.firstIndex(of: letters) ?? Self.moodys.firstIndex(of: letters)
        else { return nil }
        self.notch = notch
    }

    /// Whether this is BBB- or better.
    public var isInvestmentGrade: Bool { notch < 10 }

    /// A lower rating is less: `BB < AAA`.
    public static func < (first: CreditRating, second: CreditRating) -> Bool {
        first.notch > second.notch
    }

    private static let letters = [
        "AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-",
        "B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D",
    ]
    /// Moody's has no default rating of its own.
    private static let moodys = [
        "Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3",
        "B1", "B2", "B3", "Caa1", "Caa2", "Caa3", "Ca",
    ]
}

extension CreditRating: CustomStringConvertible {
    /// In the letters of S&P.
    public var description: String { Self.letters[notch] }
}
