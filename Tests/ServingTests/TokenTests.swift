import Crypto
import Files
import Foundation
import Testing

import Serving

@Suite(.serialized) struct TokenTests {
    private struct Fixture: Decodable {
        var valid: [String: String]
        var refused: [String: String]
    }

    /// In 2026.
    private let now: Int64 = 1_780_000_000_000_000_000

    /// - Parameter algorithm: what the RSA key of the set is for; nil where the set does not say.
    private func fixtures(rsa algorithm: String? = nil) async throws -> (Fixture, KeySet) {
        let data = try Data(contentsOf: URL(filePath: fixture("tokens.json")))
        let object = try foundationObject(Array(data))
        let text = String(
            decoding: try JSONSerialization.data(withJSONObject: try #require(object["keys"])),
            as: UTF8.self)
        let rsa = "\"kty\":\"RSA\""
        #expect(text.contains(rsa))
        let keys = algorithm.map { text.replacing(rsa, with: "\(rsa),\"alg\":\"\($0)\"") } ?? text
        return (
            try JSONDecoder().decode(Fixture.self, from: data),
            try await KeySet(json: Array(keys.utf8))
        )
    }

    @Test("Tokens of another implementation are accepted, in every algorithm")
    func valid() async throws {
        let tokens = try await fixtures().0.valid
        #expect(tokens.count == 10)
        for (name, token) in tokens {
            let isRSA = name.hasPrefix("RS") || name.hasPrefix("PS")
            let keys = try await fixtures(rsa: isRSA ? name : nil).1
            let verifier = TokenVerifier(
                keys: keys, audience: "tenor", issuer: "https://issuer.example")
            let claims = try await verifier.verify(token, at: now)
            #expect(claims.subject == "alice", "\(name)")
            #expect(claims.expiresAt == 4_102_444_800_000_000_000)
        }
    }

    @Test("Tokens that nobody signed do not change what a key is for")
    func keyWithoutAlgorithm() async throws {
        let (tokens, keys) = try await fixtures()
        let verifier = TokenVerifier(keys: keys, audience: "tenor")
        for name in ["PS512", "RS384"] {
            let token = try #require(tokens.valid[name])
            await #expect(throws: TokenError.self) { try await verifier.verify(token, at: now) }
        }
        #expect(
            try await verifier.verify(try #require(tokens.valid["RS256"]), at: now).subject
                == "alice")
    }

    @Test("Forged, expired, unsigned and foreign tokens are refused")
    func refused() async throws {
        let (tokens, keys) = try await fixtures()
        let verifier = TokenVerifier(
            keys: keys, audience: "tenor", issuer: "https://issuer.example")
        #expect(tokens.refused.count == 19)
        for (name, token) in tokens.refused {
            await #expect(throws: TokenError.self, "\(name)") {
                try await verifier.verify(token, at: now)
            }
        }
    }

    @Test("A signature with any byte changed is refused")
    func everyByteOfTheSignature() async throws {
        let (tokens, keys) = try await fixtures()
        let verifier = TokenVerifier(keys: keys, audience: nil)
        let parts = try #require(tokens.valid["ES256"]).split(separator: ".")
        let signature = try #require(
            Data(base64Encoded: Self.standard(String(parts[2])) + "=="))
        for index in signature.indices {
            var forged = signature
            forged[index] ^= 1
            let text = forged.base64EncodedString().replacing("+", with: "-")
                .replacing("/", with: "_").replacing("=", with: "")
            await #expect(throws: TokenError.self) {
                try await verifier.verify("\(parts[0]).\(parts[1]).\(text)", at: now)
            }
        }
    }

    private static func standard(_ text: String) -> String {
        text.replacing("-", with: "+").replacing("_", with: "/")
    }

    @Test("Key sets without a usable key, and shared secrets, are refused")
    func keySets() async {
        for text in [
            "{}", "{\"keys\":[]}", "[]", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}]}",
        ] {
            await #expect(throws: RequestError.self, "\(text)") {
                _ = try await KeySet(json: Array(text.utf8))
            }
        }
    }

    @Test("The local issuer's tokens verify, expire, and are renewed by the refresh token only")
    func localIssuer() async throws {
        let issuer = try await SampleIssuer.shared.value
        let tokens = try await issuer.logIn(
            name: "alice", password: SampleIssuer.password, at: now)
        let claims = try await issuer.verifier.verify(tokens.identity, at: now)
        #expect(claims.subject == "alice")
        await #expect(throws: TokenError.self) {
            try await issuer.verifier.verify(tokens.identity, at: now + 3_600_000_000_000)
        }
        let refresh = try #require(tokens.refresh)
        // A refresh token buys no prices, and an identity token no refresh.
        await #expect(throws: TokenError.self) {
            try await issuer.verifier.verify(refresh, at: now)
        }
        await #expect(throws: LocalIssuer.NotAuthorized.self) {
            _ = try await issuer.refresh(tokens.identity, at: now)
        }
        let later = now + 3_590_000_000_000
        let renewed = try await issuer.refresh(refresh, at: later)
        let again = try await issuer.verifier.verify(renewed.identity, at: later)
        #expect(again.issuedAt > claims.issuedAt)
    }

    @Test("Wrong passwords and unknown users are refused alike")
    func wrongPasswords() async throws {
        let issuer = try await SampleIssuer.shared.value
        for (name, password) in [
            ("alice", "wrong"), ("alice", ""), ("mallory", SampleIssuer.password),
        ] {
            await #expect(throws: LocalIssuer.NotAuthorized.self) {
                _ = try await issuer.logIn(name: name, password: password, at: now)
            }
        }
    }

    /// Clients decode the claims with the standard alphabet, in which `-` and `_` are nothing.
    @Test("No claim of ours needs the URL alphabet")
    func standardAlphabet() async throws {
        var users = UserFile()
        let name = "Zz~?>".filter { UserFile.isValid(name: String($0)) } + "az.AZ_09@+-zz"
        try users.add(name, password: SampleIssuer.password)
        let issuer = try await LocalIssuer(users: users)
        let tokens = try await issuer.logIn(
            name: name, password: SampleIssuer.password, at: now)
        let payload = tokens.identity.split(separator: ".")[1]
        #expect(!payload.contains("-") && !payload.contains("_"))
        for byte in UInt8.min...UInt8.max {
            let character = String(UnicodeScalar(byte))
            guard UserFile.isValid(name: character) else { continue }
            // Any name at any of the three places of a group.
            for shift in 0..<3 {
                let text = String(repeating: "a", count: shift) + character + "aa"
                let encoded = Data(text.utf8).base64EncodedString()
                #expect(!encoded.contains("+") && !encoded.contains("/"), "\(text)")
            }
        }
    }

    @Test("The published key set verifies the tokens")
    func publishedKeys() async throws {
        let issuer = try await SampleIssuer.shared.value
        let verifier = TokenVerifier(keys: try await KeySet(json: issuer.keySet), audience: nil)
        let tokens = try await issuer.logIn(
            name: "bob", password: SampleIssuer.password, at: now)
        #expect(try await verifier.verify(tokens.identity, at: now).subject == "bob")
    }

    @Test("A users file keeps its users, is its owner's only, and has no password in it")
    func usersFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/users.json"
        var users = UserFile()
        try users.add("alice", password: SampleIssuer.password)
        try users.write(to: path)
        let again = try UserFile(path: path)
        #expect(again.names == ["alice"])
        #expect(again.users["alice"]?.matches(SampleIssuer.password) == true)
        #expect(again.users["alice"]?.matches(SampleIssuer.password + " ") == false)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("correct"))
    }

    @Test("Damaged users files are named; names and passwords have bounds")
    func badUsers() throws {
        let folder = try TemporaryFolder()
        for text in [
            "", "{}", "[]", "{\"signing_key\":\"AAAA\",\"users\":{}}",
        ] {
            let path = try folder.file("users.json", text)
            #expect(throws: FileError.self) { _ = try UserFile(path: path) }
        }
        var users = UserFile()
        for (name, password) in [
            ("", "long enough"), ("a b", "long enough"), ("é", "long enough"),
            (String(repeating: "a", count: 65), "long enough"), ("alice", "short"),
        ] {
            #expect(throws: RequestError.self) { try users.add(name, password: password) }
        }
    }

    @Test("scrypt as RFC 7914 has it")
    func scrypt() throws {
        // Section 12, the third vector, cut to the 32 bytes that a users file has.
        let stored = try JSONDecoder().decode(
            UserFile.Password.self,
            from: Data(
                """
                {"salt": "\(Data("SodiumChloride".utf8).base64EncodedString())",
                 "hash": "cCO9yzr9c0hGHAbNgf044/2o+7qQT4472p/XfDNvEAM=",
                 "rounds": 16384, "blockSize": 8, "parallelism": 1}
                """.utf8))
        let vector = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        var expected = stored
        expected.hash = Data(
            stride(from: 0, to: 64, by: 2).compactMap {
                UInt8(vector.dropFirst($0).prefix(2), radix: 16)
            })
        #expect(expected.matches("pleaseletmein"))
        #expect(!expected.matches("pleaseletmeout"))
        #expect(!stored.matches("pleaseletmein"))
    }
}
