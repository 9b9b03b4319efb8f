import Arrays

/// The elements of several arrays at once, to read.
func withPointers<Scalar, Result>(
    _ a: NDArray<Scalar>, _ b: NDArray<Scalar>,
    _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
) -> Result {
    a.withUnsafePointer { a in b.withUnsafePointer { b in body(a, b) } }
}

func withPointers<Scalar, Result>(
    _ a: NDArray<Scalar>, _ b: NDArray<Scalar>, _ c: NDArray<Scalar>,
    _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
) -> Result {
    withPointers(a, b) { a, b in c.withUnsafePointer { c in body(a, b, c) } }
}

/// The elements of several arrays at once, to write.
func withMutablePointers<Scalar, Result>(
    _ a: inout NDArray<Scalar>, _ b: inout NDArray<Scalar>,
    _ body: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Result
) -> Result {
    a.withUnsafeMutablePointer { a in b.withUnsafeMutablePointer { b in body(a, b) } }
}

func withMutablePointers<Scalar, Result>(
    _ a: inout NDArray<Scalar>, _ b: inout NDArray<Scalar>, _ c: inout NDArray<Scalar>,
    _ body: (
        UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>
    ) -> Result
) -> Result {
    withMutablePointers(&a, &b) { a, b in c.withUnsafeMutablePointer { c in body(a, b, c) } }
}
