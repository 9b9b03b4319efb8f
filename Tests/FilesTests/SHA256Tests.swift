import Files
import Foundation
import Testing

/// Protects the hashes by which others check a published file.
@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4's validation, and coreutils' `sha256sum` of runs of `a`.
    static let published: [(text: String, digest: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test(arguments: published)
    func equalsPublishedDigests(text: String, digest: String) {
        var hash = SHA256()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        #expect(hash.hexadecimalDigest == digest)
    }

    /// Every length around the block's end, in two pieces.
    @Test func piecesMakeTheSameDigest() {
        for count in 50...130 {
            let bytes = (0..<count).map { UInt8($0) }
            var whole = SHA256()
            bytes.withUnsafeBytes { whole.update($0) }
            for cut in [0, 1, 55, 63, 64, count] where cut <= count {
                var hash = SHA256()
                bytes[..<cut].withUnsafeBytes { hash.update($0) }
                bytes[cut...].withUnsafeBytes { hash.update($0) }
                #expect(hash.hexadecimalDigest == whole.hexadecimalDigest)
            }
        }
    }

    @Test func ofAFile() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "tenor-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try AtomicFile.write(Array("abc".utf8), to: path)
        let (digest, bytes) = try SHA256.ofFile(path)
        #expect(digest == Self.published[1].digest && bytes == 3)
        #expect(throws: FileError.self) { try SHA256.ofFile(path + ".absent") }
    }
}
