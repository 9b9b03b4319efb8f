import Files
import Foundation
import Testing

@Suite struct LockAndMapTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("A second lock on a file is refused with the holder's name, until the first is released")
    func lock() throws {
        let path = scratch.file("lock")
        let first = try FileLock(path: path)
        let error = fileError { _ = try FileLock(path: path) }
        #expect(error?.kind == .inputOutput)
        #expect(error?.file == path)
        #expect(error?.found?.hasPrefix("process ") == true)
        first.release()
        let second = try FileLock(path: path)
        second.release()
    }

    @Test("A lock that goes out of use is free again")
    func lockEnds() throws {
        let path = scratch.file("lock")
        do { _ = try FileLock(path: path) }
        try FileLock(path: path).release()
    }

    #if os(Linux)
        @Test("A lock that goes out of use is free though a child that is being spawned has a copy")
        func inherited() throws {
            let path = scratch.file("inherited")
            var lock: FileLock? = try FileLock(path: path)
            #expect(lock != nil)
            let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            let own = try #require(
                numbers.first {
                    (try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\($0)"))
                        == URL(filePath: path).resolvingSymlinksInPath().path
                }.flatMap(Int32.init))
            let copy = dup(own)
            defer { close(copy) }
            lock = nil
            #expect(throws: Never.self) { _ = try FileLock(path: path) }
        }
    #endif

    @Test("A lock that is removed with its file locks nothing any more, and can be taken anew")
    func lockRemoved() throws {
        let path = scratch.file("lock")
        let first = try FileLock(path: path)
        first.remove()
        #expect(try scratch.names() == [])
        let second = try FileLock(path: path)
        #expect(fileError { _ = try FileLock(path: path) }?.kind == .inputOutput)
        second.remove()
    }

    @Test("A lock in a folder that is not there is an input/output error")
    func lockFolder() {
        #expect(
            fileError { _ = try FileLock(path: "/nowhere/lock") }?.kind == .inputOutput)
    }

    @Test("A folder is made with those above it; a file or a device in its place is named")
    func folders() throws {
        let path = scratch.file("a/b/c")
        try Folder.make(path)
        try Folder.make(path + "/")
        try AtomicFile.write([1], to: path + "/file")
        let error = fileError { try Folder.make(path + "/file") }
        #expect(error?.problem == "a file has this name")
        let below = fileError { try Folder.make(path + "/file/more") }
        #expect(below?.kind == .inputOutput && below?.file.hasSuffix("/c/file") == true)
        #expect(fileError { try Folder.make("/proc/nothing") }?.kind == .inputOutput)
    }

    @Test("Lines are added to the end of a file, which is made where there is none")
    func journal() throws {
        let path = scratch.file("journal")
        try JournalFile.append(line: [1, 2], to: path)
        try JournalFile.append(line: [], to: path)
        try JournalFile.append(line: [3], to: path)
        #expect(try FileContents.bytes(of: path) == [1, 2, 10, 10, 3, 10])
        #expect(
            fileError { try JournalFile.append(line: [1], to: "/nowhere/a") }?.kind == .inputOutput)
        #if os(Linux)
            let full = fileError { try JournalFile.append(line: [1], to: "/dev/full") }
            #expect(full?.advice?.contains("free some space") == true)
        #endif
    }

    @Test("A map shows the bytes of the file, and stays as it was when the file is replaced")
    func map() throws {
        let path = try scratch.write([1, 2, 3], to: "a.bin")
        let map = try MemoryMap(path: path)
        try AtomicFile.write([9], to: path)
        #expect(map.withBytes(Array.init) == [1, 2, 3])
        #expect(try MemoryMap(path: path).withBytes(Array.init) == [9])
    }

    @Test("An empty file maps to nothing; missing files, folders and devices are refused")
    func mapErrors() throws {
        #expect(try MemoryMap(path: scratch.write([], to: "empty")).bytes.isEmpty)
        #expect(fileError { _ = try MemoryMap(path: "/nowhere/a") }?.kind == .missing)
        #expect(
            fileError { _ = try MemoryMap(path: scratch.path) }?.problem == "this is a folder")
        #expect(fileError { _ = try MemoryMap(path: "/dev/null") }?.kind == .missing)
    }
}
