/// By what the errors of rows hang together, as codes from 0.
struct RowClusters: Sendable {
    /// Each row's day, ascending in time, and bond; nil for rows that hang together by nothing.
    let day: [Int32]?
    let bond: [Int32]?
    let dayCount: Int
    let bondCount: Int
    /// Each row's pair of a day and a bond, as a code from 0; nil where there are none.
    private let pair: [Int32]?
    private let pairCount: Int
    /// Each row's group of cells of a day and a bond. Thousands of random groups are as good as
    /// single cells, and fit the cache.
    let cell: [Int32]

    static let cellCount = 4_096

    /// - Parameters:
    ///   - day: a number that ascends with time; nil for rows that hang together by nothing.
    ///   - bond: codes from 0.
    init(rowCount: Int, day: [Int32]?, bond: [Int32]?) {
        let earliest = day?.min() ?? 0
        self.day = day.map { $0.map { $0 - earliest } }
        self.bond = bond
        dayCount = Int((day?.max() ?? 0) - earliest) + 1
        bondCount = Int(bond?.max() ?? 0) + 1
        if let day, let bond {
            var codes: [Int64: Int32] = [:]
            pair = day.indices.map { row in
                let key = Int64(day[row] - earliest) << 32 | Int64(bond[row])
                let next = Int32(codes.count)
                let code = codes[key] ?? next
                if code == next { codes[key] = code }
                return code
            }
            pairCount = codes.count
        } else {
            pair = nil
            pairCount = 0
        }
        cell = (0..<rowCount).map { row in
            var hash = UInt64(row)
            if let day, let bond {
                hash =
                    UInt64(UInt32(bitPattern: day[row])) << 32
                    | UInt64(UInt32(bitPattern: bond[row]))
            }
            hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
            hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int32((hash ^ (hash >> 31)) % UInt64(Self.cellCount))
        }
    }

    /// The days of some rows, and their bonds; nil where there are none.
    func dayNumbers(_ rows: [Int32]) -> ClusterNumbers? {
        day.map { ClusterNumbers(rows, $0, codeCount: dayCount) }
    }

    func bondNumbers(_ rows: [Int32]) -> ClusterNumbers? {
        bond.map { ClusterNumbers(rows, $0, codeCount: bondCount) }
    }

    func pairNumbers(_ rows: [Int32]) -> ClusterNumbers? {
        pair.map { ClusterNumbers(rows, $0, codeCount: pairCount) }
    }

    func cellNumbers(_ rows: [Int32]) -> ClusterNumbers {
        ClusterNumbers(rows, cell, codeCount: Self.cellCount)
    }
}

/// The clusters that some rows are in, numbered from 0 in the order in which they come.
struct ClusterNumbers: Sendable {
    private let codes: [Int32]
    private let number: [Int32]
    let count: Int

    init(_ rows: [Int32], _ codes: [Int32], codeCount: Int) {
        var number = [Int32](repeating: -1, count: codeCount)
        var count: Int32 = 0
        for row in rows where number[Int(codes[Int(row)])] < 0 {
            number[Int(codes[Int(row)])] = count
            count += 1
        }
        self.codes = codes
        self.number = number
        self.count = Int(count)
    }

    /// The cluster of each of some rows.
    func of(_ rows: [Int32]) -> [Int32] { rows.map { number[Int(codes[Int($0)])] } }
}
