import Foundation

/// The x with `log(1 + exp(x)) = y`, for positive y.
func inverseSoftplus(_ y: Double) -> Double { y + log(-expm1(-y)) }
