import Arrays
import Testing

/// What arrays promise: they are values, and operations follow their index formulas.
@Suite struct NDArrayTests {
    private let matrix = NDArray<Double>([1, 2, 3, 4, 5, 6], shape: [2, 3])

    @Test("Writing to a copy leaves the original alone")
    func copyOnWrite() {
        var copy = matrix
        copy.withUnsafeMutablePointer { $0[0] = 9 }
        #expect(matrix.elements[0] == 1)
        #expect(copy.elements[0] == 9)
        var only = matrix.affine(scale: 1)
        let isUnique = only.isUniquelyReferenced()
        #expect(isUnique)
    }

    @Test("Rows, columns and single numbers broadcast, on either side")
    func broadcasting() {
        let row = NDArray<Double>([10, 20, 30])
        let column = NDArray<Double>([100, 200], shape: [2, 1])
        let number = NDArray<Double>(repeating: 2, shape: [])
        #expect(NDArray.combine(.add, matrix, row).elements == [11, 22, 33, 14, 25, 36])
        #expect(NDArray.combine(.subtract, row, matrix).elements == [9, 18, 27, 6, 15, 24])
        #expect(NDArray.combine(.add, column, matrix).elements == [101, 102, 103, 204, 205, 206])
        #expect(NDArray.combine(.divide, matrix, number).elements == [0.5, 1, 1.5, 2, 2.5, 3])
        #expect(NDArray.combine(.multiply, matrix, matrix).elements == [1, 4, 9, 16, 25, 36])
    }

    @Test("What broadcasting repeated is summed on the way back")
    func reduction() {
        #expect(matrix.reduced(to: [3]).elements == [5, 7, 9])
        #expect(matrix.reduced(to: [2, 1]).elements == [6, 15])
        #expect(matrix.reduced(to: []).elements == [21])
        #expect(matrix.sum(axis: 0).elements == [5, 7, 9])
        #expect(matrix.sum(axis: 1).elements == [6, 15])
    }

    @Test("Running sums along either axis, in either direction")
    func cumulativeSum() {
        #expect(matrix.cumulativeSum(axis: 1).elements == [1, 3, 6, 4, 9, 15])
        #expect(matrix.cumulativeSum(axis: 1, reversed: true).elements == [6, 5, 3, 15, 11, 6])
        #expect(matrix.cumulativeSum(axis: 0).elements == [1, 2, 3, 5, 7, 9])
        #expect(matrix.cumulativeSum(axis: 0, reversed: true).elements == [5, 7, 9, 4, 5, 6])
    }

    @Test("Transposition of sizes that blocks do not divide")
    func transposition() {
        for (rows, columns) in [(1, 1), (2, 3), (16, 16), (17, 33), (40, 5)] {
            let array = NDArray(
                (0..<rows * columns).map { Float($0) }, shape: [rows, columns])
            let found = array.transposed()
            #expect(found.shape == [columns, rows])
            let elements = found.elements
            for r in 0..<rows {
                for c in 0..<columns { #expect(elements[c * rows + r] == Float(r * columns + c)) }
            }
        }
    }

    @Test("Parts of an axis, joined again")
    func slicing() {
        let left = matrix.slice(axis: 1, 0..<1)
        let right = matrix.slice(axis: 1, 1..<3)
        #expect(right.elements == [2, 3, 5, 6])
        #expect(NDArray.concatenate([left, right], axis: 1).elements == matrix.elements)
        #expect(right.embedded(in: [2, 3], axis: 1, at: 1).elements == [0, 2, 3, 0, 5, 6])
        #expect(matrix.gathered([1, 1, 0]).elements == [4, 5, 6, 4, 5, 6, 1, 2, 3])
        #expect(
            matrix.gathered([1, 1, 0]).scattered([1, 1, 0], into: [2, 3]).elements
                == [1, 2, 3, 8, 10, 12])
    }

    @Test("The matrix product in all transpositions, with a bias")
    func product() {
        let other = NDArray<Double>([1, 0, 2, -1, 0.5, 3], shape: [3, 2])
        let product = NDArray.matrixProduct(matrix, other).elements
        for row in 0..<2 {
            for column in 0..<2 {
                let sum = (0..<3).reduce(0.0) {
                    $0 + matrix.elements[row * 3 + $1] * other.elements[$1 * 2 + column]
                }
                #expect(product[row * 2 + column] == sum)
            }
        }
        let transposes = [
            NDArray.matrixProduct(matrix.transposed(), other, transposeA: true),
            NDArray.matrixProduct(matrix, other.transposed(), transposeB: true),
            NDArray.matrixProduct(
                matrix.transposed(), other.transposed(), transposeA: true, transposeB: true),
        ]
        for found in transposes { #expect(found.elements == product) }
        let shifted = NDArray.matrixProduct(matrix, other, bias: NDArray([100, 200]))
        let wanted = zip(product, [100, 200, 100, 200]).map { $0 + $1 }
        #expect(shifted.elements == wanted)
    }

    @Test("A released buffer is handed out again")
    func pool() {
        let count = 123_457
        _ = NDArray<Float>(repeating: 1, shape: [count])
        let before = BufferPool.statistics.allocations
        for _ in 0..<50 { _ = NDArray<Float>(repeating: 1, shape: [count]) }
        // Other tests of the process may take buffers at the same time, but not one a round.
        #expect(BufferPool.statistics.allocations - before < 50)
    }
}
