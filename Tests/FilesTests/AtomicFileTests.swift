import Files
import Foundation
import Testing

@Suite struct AtomicFileTests {
    let scratch: Scratch
    private struct Stop: Error {}

    init() throws { scratch = try Scratch() }

    @Test("A written file holds the bytes and leaves nothing beside itself")
    func writes() throws {
        let path = scratch.file("a.bin")
        try AtomicFile.write([1, 2, 3], to: path)
        #expect(try FileContents.bytes(of: path) == [1, 2, 3])
        try AtomicFile.write(to: path) { sink in
            try sink.append("x")
            try sink.append(UInt8(ascii: "y"))
            try sink.append([0x7A])
            for _ in 0..<3 { try sink.append([UInt8](repeating: 0x2E, count: 300_000)) }
        }
        let bytes = try FileContents.bytes(of: path)
        #expect(bytes.count == 900_003)
        #expect(bytes.starts(with: Array("xyz".utf8)))
        #expect(try scratch.names() == ["a.bin"])
    }

    /// Protects the blocks that go around the page cache: their seams, and the rest behind the last.
    @Test("A large file has the bytes of a small one", arguments: [0, 1, 4 << 20, 9_999_999])
    func large(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        for name in ["a.bin", "a.gz"] {
            let path = scratch.file(name)
            try AtomicFile.write(to: path, isLarge: true) { sink in
                var rest = bytes[...]
                for size in [1, 4095, 3 << 20, 700_001, Int.max] {
                    try sink.append(Array(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                    try rest.prefix(300_000).withUnsafeBytes { try sink.append($0) }
                    rest = rest.dropFirst(300_000)
                }
            }
            #expect(try FileContents.bytes(of: path) == bytes)
        }
        #expect(try scratch.names() == ["a.bin", "a.gz"])
    }

    @Test("What a killed writer left is removed by the next one; what is being written stays")
    func abandoned() throws {
        let path = scratch.file("a.txt")
        let open = try PartialFile(path: path)
        _ = try scratch.write([1], to: ".a.txt.1-x.partial")
        _ = try scratch.write([1], to: ".b.txt.1-x.partial")
        try AtomicFile.write([2], to: path)
        #expect(try scratch.names().filter { $0.hasSuffix("-x.partial") } == [".b.txt.1-x.partial"])
        #expect(try scratch.names().count == 3)
        PartialFile.removeAbandoned(in: scratch.path)
        #expect(try scratch.names().count == 2)
        try open.commit()
        #expect(try scratch.names() == ["a.txt"])
        #expect(try FileContents.bytes(of: path) == [])
    }

    @Test("When the body throws, the old file stays and no temporary file is left")
    func bodyThrows() throws {
        let path = scratch.file("a.txt")
        try AtomicFile.write(Array("old".utf8), to: path)
        #expect(throws: Stop.self) {
            try AtomicFile.write(to: path) { sink in
                try sink.append([UInt8](repeating: 0, count: 1_000_000))
                throw Stop()
            }
        }
        #expect(try FileContents.text(of: path) == "old")
        #expect(try scratch.names() == ["a.txt"])
    }

    @Test("A full disk is an input/output error with the path, exit code 74")
    func fullDisk() throws {
        try #require(FileManager.default.fileExists(atPath: "/dev/full"))
        let error = fileError { try AtomicFile.write([1, 2, 3], to: "/dev/full") }
        #expect(error?.kind.exitCode == 74)
        #expect(error?.file == "/dev/full")
        #expect(error?.problem == "cannot write: no space left on device")
        let streamed = fileError {
            try CSVWriter.write(to: "/dev/full", header: ["a"]) { writer in
                for row in 0..<200_000 {
                    writer.field(row)
                    try writer.endRow()
                }
            }
        }
        #expect(streamed?.kind == .inputOutput)
    }

    @Test("A device is written to, never replaced")
    func device() throws {
        try AtomicFile.write([1], to: "/dev/null")
        var status = stat()
        #expect(stat("/dev/null", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("A missing or unwritable folder is an input/output error that names the file")
    func unwritableFolder() throws {
        let missing = scratch.file("none/a.csv")
        let error = fileError { try AtomicFile.write([1], to: missing) }
        #expect(error?.kind == .inputOutput)
        #expect(error?.file == missing)
        #expect(error?.advice == "Make the folder first")
        // The system's own folders refuse even root.
        let unwritable = fileError { try AtomicFile.write([1], to: "/proc/a.csv") }
        #expect(unwritable?.kind == .inputOutput)
    }

    @Test("A folder in place of the output file is refused")
    func folder() throws {
        let error = fileError { try AtomicFile.write([1], to: scratch.path) }
        #expect(error?.kind == .inputOutput)
        #expect(error?.advice == "Name a file, not a folder")
    }

    @Test("A symbolic link is followed, and the permissions of the old file stay")
    func linkAndMode() throws {
        let path = try scratch.write("old", to: "real.txt")
        chmod(path, 0o600)
        let link = scratch.file("link.txt")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "real.txt")
        try AtomicFile.write(Array("new".utf8), to: link)
        #expect(try FileContents.text(of: path) == "new")
        var status = stat()
        #expect(lstat(link, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("Text that is not UTF-8 names its line")
    func textContents() throws {
        let path = try scratch.write([0x61, 0x0A, 0xC0, 0xAF], to: "t.txt")
        #expect(fileError { _ = try FileContents.text(of: path) }?.line == 2)
        let marked = try scratch.write([0xEF, 0xBB, 0xBF, 0x61], to: "m.txt")
        #expect(try FileContents.text(of: marked) == "a")
    }
}
