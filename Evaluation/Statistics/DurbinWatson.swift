/// The Durbin-Watson statistic of residuals in time order: the sum of squared differences of
/// neighbours over the sum of squares, without centring.
///
/// About 2 where neighbours are independent, towards 0 where they agree in sign, towards 4 where
/// they alternate. Nil where there are fewer than two residuals or all are zero.
/// Source: Durbin and Watson, Testing for Serial Correlation in Least Squares Regression I,
/// Biometrika 37 (1950).
public func durbinWatson(_ residuals: [Double]) -> Double? {
    guard residuals.count >= 2 else { return nil }
    var differences = 0.0
    var squares = residuals[0] * residuals[0]
    for index in 1..<residuals.count {
        let difference = residuals[index] - residuals[index - 1]
        differences += difference * difference
        squares += residuals[index] * residuals[index]
    }
    return squares > 0 ? differences / squares : nil
}
