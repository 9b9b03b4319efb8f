import Arrays

/// The features of many rows as a shard stores them: numbers of 32 bits or of 16.
///
/// The memory comes from the pool of Arrays and goes back to it, so that one day's shard is made
/// where the last one's was.
struct FeatureBlock: Sendable {
    private let width: Int
    private var rows: Int
    private var content: Content

    private enum Content: Sendable {
        case floats(NDArray<Float>)
        case halves([UInt8])
    }

    /// Room for rows, its content undefined.
    init(rows: Int, width: Int, isHalf: Bool) {
        self.rows = rows
        self.width = width
        content =
            isHalf
            ? .halves([UInt8](repeating: 0, count: 2 * rows * width))
            : .floats(.uninitialized(shape: [rows, width]))
    }

    /// Drops all rows but the first ones.
    mutating func keepFirst(_ count: Int) {
        rows = count
        switch content {
        case .floats(let all):
            content = .floats(
                all.withUnsafePointer { source in
                    NDArray(shape: [count, width]) {
                        $0.update(from: source, count: count * width)
                    }
                })
        case .halves(let all): content = .halves(Array(all.prefix(2 * count * width)))
        }
    }

    /// Where rows are written; several threads may, each a row of its own.
    struct Room: @unchecked Sendable {
        fileprivate enum Start {
            case floats(UnsafeMutablePointer<Float>)
            /// Nil where there are no rows.
            case halves(UnsafeMutablePointer<UInt16>?)
        }

        fileprivate let start: Start
        fileprivate let width: Int

        /// The place of a row; nil where numbers have 16 bits.
        func place(of row: Int) -> UnsafeMutablePointer<Float>? {
            guard case .floats(let start) = start else { return nil }
            return start + row * width
        }

        func store(_ values: UnsafePointer<Float>, row: Int) {
            switch start {
            case .floats(let start): (start + row * width).update(from: values, count: width)
            case .halves(let start?):
                HalfPrecision.encode(values, count: width, into: start + row * width)
            case .halves(nil): break
            }
        }
    }

    mutating func withRoom<Result>(_ body: (Room) throws -> Result) rethrows -> Result {
        let width = width
        switch content {
        case .floats(var array):
            // The only reference, so that nothing is copied.
            content = .halves([])
            defer { content = .floats(array) }
            return try array.withUnsafeMutablePointer {
                try body(Room(start: .floats($0), width: width))
            }
        case .halves(var bytes):
            content = .halves([])
            defer { content = .halves(bytes) }
            return try bytes.withUnsafeMutableBytes { bytes in
                let start = bytes.assumingMemoryBound(to: UInt16.self).baseAddress
                return try body(Room(start: .halves(start), width: width))
            }
        }
    }

    func tensor(_ name: String) -> SafetensorsFile.Tensor {
        switch content {
        case .floats(let array): .init(name, array)
        case .halves(let bytes):
            .init(name, dtype: .f16, shape: [rows, width], bytes: bytes)
        }
    }
}
