import Arrays

/// Where two arrays differ by more than a tolerance, in words; nil where they agree.
///
/// They agree if their shapes are equal and every |a - b| is at most `tolerance` times the largest
/// |b|: relative to the array's own scale, so that elements near zero are not held to more digits
/// than their computation has. A value that is not finite never agrees.
public func mismatch<Element: Scalar>(
    _ actual: NDArray<Element>, from reference: NDArray<Element>, tolerance: Double
) -> String? {
    guard actual.shape == reference.shape else {
        return "shape \(actual.shape) instead of \(reference.shape)"
    }
    let (a, b) = (actual.elements.map(Double.init), reference.elements.map(Double.init))
    let scale = b.lazy.map(abs).max() ?? 0
    var worst: (index: Int, error: Double)?
    for index in a.indices {
        let difference = abs(a[index] - b[index])
        // Both zero is agreement even where the whole reference is zero.
        let error = difference == 0 ? 0 : difference / scale
        if !(error <= tolerance), !(error <= worst?.error ?? 0) { worst = (index, error) }
    }
    return worst.map { worst in
        "element \(worst.index) of \(reference.shape) is \(a[worst.index]) instead of "
            + "\(b[worst.index]): off by \(worst.error) of the largest, \(tolerance) allowed"
    }
}
