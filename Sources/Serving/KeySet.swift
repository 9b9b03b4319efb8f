import Files
import Foundation
import JWTKit

/// Public keys for signatures, as a JSON Web Key Set has them (RFC 7517).
public struct KeySet: Sendable {
    package let keys: JWTKeyCollection

    /// Reads the keys for RSA (2,048 bits or more), for the curves P-256, P-384 and P-521, and for
    /// EdDSA; others are passed over, and so are shared secrets and keys for encryption.
    public init(path: String) async throws(FileError) {
        let bytes = try FileContents.bytes(of: path)
        do {
            try await self.init(json: bytes)
        } catch {
            throw FileError(
                .badData, file: path, "\(error)", expected: "a JSON Web Key Set",
                advice: "Download it anew from the issuer")
        }
    }

    /// Reads a key set from its text.
    public init(json: [UInt8]) async throws(RequestError) {
        guard let set = try? JSONDecoder().decode(EntrySet.self, from: Data(json)) else {
            throw RequestError("no array 'keys'")
        }
        keys = JWTKeyCollection()
        var count = 0
        for case var key? in set.keys.map(\.signingKey) {
            key.keyIdentifier = key.keyIdentifier ?? JWKIdentifier(string: "\(count)")
            guard (try? await keys.add(jwk: key)) != nil else { continue }
            count += 1
        }
        guard count > 0 else { throw RequestError("no key that can verify a signature") }
    }

    /// Keys that are there already.
    package init(_ keys: JWTKeyCollection) { self.keys = keys }

    private struct EntrySet: Decodable {
        var keys: [Entry]
    }

    /// One key of a set, of any kind.
    private struct Entry: Decodable {
        /// Nil where the key is not for signatures, or of a kind that is not known.
        var signingKey: JWK?

        private enum CodingKeys: CodingKey { case use }

        init(from decoder: any Decoder) throws {
            let use = try? decoder.container(keyedBy: CodingKeys.self)
                .decode(String.self, forKey: .use)
            guard use == nil || use == "sig" else { return }
            guard var key = try? JWK(from: decoder) else { return }
            key.algorithm = key.onlyAlgorithm
            signingKey = key
        }
    }
}

extension JWK {
    /// The algorithm that the set names, else the usual one of the kind of key: a key that is open
    /// to several would take that of the first token that anybody shows, and refuse all others.
    fileprivate var onlyAlgorithm: Algorithm? {
        if let algorithm { return algorithm }
        if keyType == .rsa { return .rs256 }
        if keyType == .octetKeyPair { return .eddsa }
        return switch curve?.rawValue {
        case "P-256": .es256
        case "P-384": .es384
        case "P-521": .es512
        default: nil
        }
    }
}
