#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The C library's functions in one place, so that no file of this room needs Foundation.
extension Double {
    var logarithm: Double { log(self) }
    var decimalLogarithm: Double { log10(self) }
    var exponential: Double { exp(self) }
    var binaryExponential: Double { exp2(self) }
    func raised(to exponent: Double) -> Double { pow(self, exponent) }
}
