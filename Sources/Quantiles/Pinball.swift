/// The pinball loss of one forecast quantile: `level * (label - forecast)` where the label lies
/// above the forecast and `(1 - level) * (forecast - label)` where it lies below.
///
/// Its expectation is least at the true quantile. In the units of the label. This is the one
/// definition; every faster kernel is tested against it.
/// Source: Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978), eq. 3.1.
@inlinable
public func pinball<T: BinaryFloatingPoint>(label: T, forecast: T, level: T) -> T {
    let error = label - forecast
    return error < 0 ? (level - 1) * error : level * error
}
