import Arrays

extension Tensor {
    public func exp() -> Tensor { mapped(.exp, as: .exp) }
    public func log() -> Tensor { mapped(.log, as: .log) }
    public func squareRoot() -> Tensor { mapped(.squareRoot, as: .squareRoot) }
    public func tanh() -> Tensor { mapped(.tanh, as: .tanh) }
    public func sigmoid() -> Tensor { mapped(.sigmoid, as: .sigmoid) }
    public func relu() -> Tensor { mapped(.relu, as: .relu) }

    /// `x Φ(x)`, with the error function.
    public func gelu() -> Tensor { mapped(.gelu, as: .gelu) }

    /// The tanh approximation of ``gelu()``.
    public func geluTanh() -> Tensor { mapped(.geluTanh, as: .geluTanh) }

    /// `x sigmoid(x)`.
    public func silu() -> Tensor { mapped(.silu, as: .silu) }

    /// `log(1 + exp(x))`.
    public func softplus() -> Tensor { mapped(.softplus, as: .softplus) }

    private func mapped(_ function: ElementwiseFunction, as operation: Primitive) -> Tensor {
        let value = array.map(function)
        return primitive(operation, [self], value: value) { [array] g in
            [array.mapDerivative(function, y: value, g: g)]
        }
    }
}
