/// Prints that a fitted classifier takes for mistakes.
extension BondCleaner {
    /// Withdraws them; they are known to be wrong once the last print is that spoke against them.
    mutating func withdrawBadPrints(_ order: [Int32], by classifier: BadPrintClassifier) {
        let trades = order.map { Int($0) }.filter { rows[$0].fate == .kept && rows[$0].holds }
        let prints = trades.map { position in
            BadPrintClassifier.Print(
                time: rows[position].execution, price: rows[position].price,
                quantity: rows[position].quantity)
        }
        let probabilities = classifier.probabilities(prints, hindsight: true)
        for (index, probability) in probabilities.enumerated()
        where probability > classifier.threshold {
            let witnesses = trades[(index + 1)...].prefix(BadPrintClassifier.reach)
            let known = witnesses.map { rows[$0].report }.max() ?? rows[trades[index]].report
            withdraw(trades[index], at: known, in: .badPrint)
        }
    }
}
