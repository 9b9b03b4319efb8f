#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The C library's functions in one place, so that no hot file of this room needs Foundation.
@inline(__always) func ln(_ x: Float) -> Float { logf(x) }
@inline(__always) func ln(_ x: Double) -> Double { log(x) }
@inline(__always) func ln1p(_ x: Float) -> Float { logf(1 + x) }
@inline(__always) func e(_ x: Float) -> Float { expf(x) }
@inline(__always) func e(_ x: Double) -> Double { exp(x) }
@inline(__always) func twoTo(_ x: Double) -> Double { exp2(x) }
@inline(__always) func tenLogarithm(_ x: Double) -> Double { log10(x) }
@inline(__always) func root(_ x: Float) -> Float { x.squareRoot() }
@inline(__always) func sine(_ x: Double) -> Double { sin(x) }
@inline(__always) func cosine(_ x: Double) -> Double { cos(x) }

@inline(__always) func clip(_ x: Float, _ limit: Float) -> Float { min(max(x, -limit), limit) }
@inline(__always) func clip(_ x: Float, _ low: Float, _ high: Float) -> Float {
    min(max(x, low), high)
}

/// Memory of zeros from the system, which hands out untouched pages only when they are written.
///
/// A print touches a score of places all over such memory; in large pages the processor finds them
/// without a walk through its page tables.
func zeroed(_ byteCount: Int) -> UnsafeMutableRawPointer {
    guard let pointer = calloc(byteCount, 1) else {
        preconditionFailure("no memory for \(byteCount) bytes")
    }
    #if os(Linux)
        let largePage = 2 << 20
        let start = pointer.alignedUp(toMultipleOf: largePage)
        let end = (pointer + byteCount).alignedDown(toMultipleOf: largePage)
        if start < end { madvise(start, end - start, MADV_HUGEPAGE) }
    #endif
    return pointer
}

func release(_ pointer: UnsafeMutableRawPointer) { free(pointer) }
