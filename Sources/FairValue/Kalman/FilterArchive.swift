/// The state of a filter as 64-bit words: one walk over the state either writes or reads them.
///
/// So what is written and what is read cannot differ in order.
public struct FilterArchive: Sendable {
    public private(set) var words: [UInt64]
    /// Nil while writing.
    private var next: Int?
    /// Whether more words were asked for than there are.
    private var isExhausted = false

    /// An archive to write to.
    public init() { words = [] }

    /// An archive to read from.
    public init(reading words: [UInt64]) {
        self.words = words
        next = 0
    }

    var isReading: Bool { next != nil }

    /// Whether the words read were exactly those that there are.
    public var isComplete: Bool { next == words.count && !isExhausted }

    mutating func pass(_ word: inout UInt64) {
        guard let place = next else {
            words.append(word)
            return
        }
        guard place < words.count else {
            isExhausted = true
            return
        }
        word = words[place]
        next = place + 1
    }

    mutating func pass(_ value: inout Double) {
        var word = value.bitPattern
        pass(&word)
        value = Double(bitPattern: word)
    }

    mutating func pass(_ value: inout Int) {
        var word = UInt64(bitPattern: Int64(value))
        pass(&word)
        value = Int(Int64(bitPattern: word))
    }

    mutating func pass(_ value: inout Bool) {
        var word: UInt64 = value ? 1 : 0
        pass(&word)
        value = word != 0
    }

    /// A count that memory is made for: a damaged file asks for no more than it has words.
    mutating func passCount(_ count: Int) -> Int {
        var count = count
        pass(&count)
        guard count >= 0, count <= words.count else {
            isExhausted = true
            return 0
        }
        return count
    }
}
