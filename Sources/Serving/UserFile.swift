import Crypto
import CryptoExtras
import Files
import Foundation

/// The users of a local server: salted scrypt hashes of their passwords, and the key that signs their
/// tokens. A JSON file that only its owner can read.
public struct UserFile: Sendable {
    /// The parameters of scrypt (RFC 7914) with which a password was hashed.
    package struct Password: Sendable, Codable, Equatable {
        package var salt: Data
        package var hash: Data
        package var rounds = 32_768
        package var blockSize = 8
        package var parallelism = 3

        /// Hashes a password with a salt of its own. These parameters take 32 MB and are among those
        /// that OWASP's Password Storage Cheat Sheet recommends.
        package init(hashing password: String) throws {
            salt = Data((0..<16).map { _ in UInt8.random(in: 0...255) })
            hash = Data()
            hash = try derive(password)
        }

        package func matches(_ password: String) -> Bool {
            guard let derived = try? derive(password), derived.count == hash.count else {
                return false
            }
            // Every byte is compared, so that the time tells nothing.
            return zip(derived, hash).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }

        private func derive(_ password: String) throws -> Data {
            try KDF.Scrypt.deriveKey(
                from: Data(password.utf8), salt: salt, outputByteCount: 32, rounds: rounds,
                blockSize: blockSize, parallelism: parallelism
            ).withUnsafeBytes { Data($0) }
        }

        /// Whether the parameters are such that hashing neither fails nor takes the machine.
        fileprivate var isSane: Bool {
            (1_024...1_048_576).contains(rounds) && rounds & (rounds - 1) == 0
                && (1...32).contains(blockSize) && (1...16).contains(parallelism)
                && salt.count >= 8 && hash.count == 32
        }
    }

    /// The private key of ES256, 32 bytes.
    package private(set) var signingKey: Data
    package private(set) var users: [String: Password]

    public var names: [String] { users.keys.sorted() }

    /// A file with a new key and nobody in it.
    public init() {
        signingKey = P256.Signing.PrivateKey().rawRepresentation
        users = [:]
    }

    /// Reads a users file.
    public init(path: String) throws(FileError) {
        let bytes = try FileContents.bytes(of: path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let content = try? decoder.decode(Content.self, from: Data(bytes)),
            (try? P256.Signing.PrivateKey(rawRepresentation: content.signingKey)) != nil,
            content.users.values.allSatisfy(\.isSane)
        else {
            throw FileError(
                .badData, file: path, "not a users file",
                advice: "Make one with 'tenor user add NAME --users FILE'")
        }
        signingKey = content.signingKey
        users = content.users
    }

    /// Adds a user, or gives one a new password.
    /// - Throws: `RequestError` where the name or the password cannot be used.
    public mutating func add(_ name: String, password: String) throws {
        guard Self.isValid(name: name) else {
            throw RequestError(
                "a user's name has 1 to 64 letters, digits and . _ @ + -, not "
                    + FileError.quoted(name))
        }
        guard (8...1_024).contains(password.utf8.count) else {
            throw RequestError("a password has at least 8 characters and at most 1024")
        }
        users[name] = try Password(hashing: password)
    }

    /// Writes the file, readable by its owner only.
    public func write(to path: String) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(Content(signingKey: signingKey, users: users)) else {
            return
        }
        // An atomic write keeps the mode of the file that it replaces.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            fchmod(descriptor, 0o600)
            close(descriptor)
        }
        try AtomicFile.write(Array(data) + [UInt8(ascii: "\n")], to: path)
    }

    /// Letters and digits of ASCII and few signs, so that a token's claims have no byte that standard
    /// and URL alphabets of base64 write differently.
    package static func isValid(name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: Array("._@+-".utf8).contains(byte)
                }
            }
    }

    private struct Content: Codable {
        var signingKey: Data
        var users: [String: Password]
    }
}
