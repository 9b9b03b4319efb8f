/// Pearson's correlation coefficient; nil where it is not defined, because there are fewer than
/// two pairs or one of the two variables is constant.
public func pearsonCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
    precondition(x.count == y.count, "pearsonCorrelation: \(x.count) values against \(y.count)")
    guard x.count >= 2, let firstX = x.first, let firstY = y.first else { return nil }
    // Sums are taken about the first pair and then about the mean, so that a large common offset
    // costs no digits.
    let count = Double(x.count)
    var meanX = 0.0
    var meanY = 0.0
    for index in x.indices {
        meanX += x[index] - firstX
        meanY += y[index] - firstY
    }
    meanX = firstX + meanX / count
    meanY = firstY + meanY / count
    var products = 0.0
    var squaresX = 0.0
    var squaresY = 0.0
    for index in x.indices {
        let dx = x[index] - meanX
        let dy = y[index] - meanY
        products += dx * dy
        squaresX += dx * dx
        squaresY += dy * dy
    }
    guard !isConstant(x), !isConstant(y), squaresX > 0, squaresY > 0 else { return nil }
    let correlation = products / (squaresX.squareRoot() * squaresY.squareRoot())
    return min(1, max(-1, correlation))
}

/// Spearman's rank correlation: Pearson's coefficient of the mid-ranks; nil where that is.
public func spearmanCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
    pearsonCorrelation(midRanks(x), midRanks(y))
}

/// Ranks from 1; equal values share the mean of the ranks that they cover.
public func midRanks(_ values: [Double]) -> [Double] {
    let order = ascendingOrder(of: values)
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        let rank = Double(start + 1 + end) / 2
        for position in start..<end { ranks[order[position]] = rank }
        start = end
    }
    return ranks
}

/// Indices of `values` in ascending order; equal values keep their order.
func ascendingOrder<Value: Comparable>(of values: [Value]) -> [Int] {
    var keyed = values.indices.map { (value: values[$0], index: $0) }
    keyed.sort { $0.value < $1.value || ($0.value == $1.value && $0.index < $1.index) }
    return keyed.map(\.index)
}

/// Whether all values are equal; true for an empty list.
func isConstant(_ values: [Double]) -> Bool {
    values.allSatisfy { $0 == values[0] }
}
