import Arrays
import TestSupport
import Testing

/// Products with a single row or column go through the product of a matrix and a vector: they must
/// give what the same row or column gives among others.
@Suite struct VectorProductTests {
    @Test(arguments: [false, true], [false, true])
    func agreesWithMatrixProduct(transposeA: Bool, transposeB: Bool) {
        check(Double.self, transposeA: transposeA, transposeB: transposeB, tolerance: 1e-14)
        check(Float.self, transposeA: transposeA, transposeB: transposeB, tolerance: 1e-6)
    }

    @Test("What a reused buffer held does not matter")
    func overwrites() {
        for _ in 0..<3 { _ = NDArray<Float>(repeating: .nan, shape: [1, 7]) }
        let product = NDArray.matrixProduct(
            NDArray<Float>(repeating: 2, shape: [1, 5]), NDArray(repeating: 3, shape: [5, 7]))
        #expect(product.elements == Array(repeating: 30, count: 7))
    }

    private func check<Element: Scalar>(
        _ type: Element.Type, transposeA: Bool, transposeB: Bool, tolerance: Double
    ) {
        let (m, k, n) = (4, 9, 6)
        func numbers(_ rows: Int, _ columns: Int, transposed: Bool) -> NDArray<Element> {
            let values = (0..<rows * columns).map { Element(($0 * 37) % 19) / 7 - 1 }
            return NDArray(values, shape: transposed ? [columns, rows] : [rows, columns])
        }
        let a = numbers(m, k, transposed: transposeA)
        let b = numbers(k, n, transposed: transposeB)
        let bias = numbers(1, n, transposed: false).reshaped(to: [n])
        func product(_ a: NDArray<Element>, _ b: NDArray<Element>, _ bias: NDArray<Element>)
            -> NDArray<Element>
        {
            .matrixProduct(a, b, transposeA: transposeA, transposeB: transposeB, bias: bias)
        }
        let whole = product(a, b, bias)
        let row = product(a.slice(axis: transposeA ? 1 : 0, 2..<3), b, bias)
        let column = product(
            a, b.slice(axis: transposeB ? 0 : 1, 3..<4), bias.slice(axis: 0, 3..<4))
        let expectedRow = whole.slice(axis: 0, 2..<3)
        let expectedColumn = whole.slice(axis: 1, 3..<4)
        #expect(mismatch(row, from: expectedRow, tolerance: tolerance) == nil)
        #expect(mismatch(column, from: expectedColumn, tolerance: tolerance) == nil)
    }
}
