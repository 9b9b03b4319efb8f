import Crypto
import Foundation
import JWTKit
import Synchronization

/// Gives tokens to the users of a users file, in the form of Cognito's InitiateAuth.
public final class LocalIssuer: Sendable {
    /// What a user gets for a password.
    package struct Tokens: Sendable {
        package var identity: String
        /// Nil where a refresh token was shown: that one stays.
        package var refresh: String?
    }

    /// The password or the refresh token is wrong.
    package struct NotAuthorized: Error {}
    /// Too many log-ins wait.
    package struct TooManyRequests: Error {}

    package static let issuer = "tenor"
    /// Seconds for which an identity token holds.
    package static let identityLifetime = 3_600
    /// Seconds for which a refresh token holds.
    package static let refreshLifetime = 30 * 86_400
    private static let identityAudience = "tenor.identity"
    private static let refreshAudience = "tenor.refresh"
    private static let mostWaiting = 32

    private let users: UserFile
    private let keys: JWTKeyCollection
    private let keyIdentifier: JWKIdentifier
    /// The public key, for others who verify these tokens (RFC 7517).
    package let keySet: [UInt8]
    /// What an unknown user's password is compared with, so that the time does not tell who exists.
    private let decoy: UserFile.Password
    private let refreshVerifier: TokenVerifier
    /// Verifies the identity tokens that this issuer gives.
    public let verifier: TokenVerifier
    /// Hashing takes 32 MB and a core: one at a time.
    private let hashing = HashingQueue()
    private let waiting = Atomic<Int>(0)

    public init(users: UserFile) async throws {
        self.users = users
        let key = try P256.Signing.PrivateKey(rawRepresentation: users.signingKey)
        let point = key.publicKey.rawRepresentation
        keyIdentifier = JWKIdentifier(
            string: Self.base64URL(Data(SHA256.hash(data: point).prefix(9))))
        keySet = Array(
            try JSONEncoder().encode(
                JWKS(keys: [
                    .ecdsa(
                        .es256, identifier: keyIdentifier, x: Self.base64URL(point.prefix(32)),
                        y: Self.base64URL(point.suffix(32)), curve: .p256)
                ])))
        keys = try await JWTKeyCollection().add(
            ecdsa: ES256PrivateKey(backing: key), kid: keyIdentifier)
        decoy = try UserFile.Password(hashing: users.signingKey.base64EncodedString())
        verifier = TokenVerifier(
            keys: KeySet(keys), audience: Self.identityAudience, issuer: Self.issuer)
        refreshVerifier = TokenVerifier(
            keys: KeySet(keys), audience: Self.refreshAudience, issuer: Self.issuer)
    }

    /// Tokens for a name and its password.
    package func logIn(name: String, password: String, at now: Int64) async throws -> Tokens {
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.mostWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            throw TooManyRequests()
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        let known = users.users[name]
        let matches = await hashing.matches(known ?? decoy, password.prefix(1_024))
        guard known != nil, matches else { throw NotAuthorized() }
        return Tokens(
            identity: try await identityToken(name, at: now),
            refresh: try await token(
                name, audience: Self.refreshAudience, lifetime: Self.refreshLifetime, at: now))
    }

    /// A new identity token for a refresh token.
    package func refresh(_ token: String, at now: Int64) async throws -> Tokens {
        guard let claims = try? await refreshVerifier.verify(token, at: now),
            users.users[claims.subject] != nil
        else { throw NotAuthorized() }
        return Tokens(identity: try await identityToken(claims.subject, at: now), refresh: nil)
    }

    private func identityToken(_ name: String, at now: Int64) async throws -> String {
        try await token(
            name, audience: Self.identityAudience, lifetime: Self.identityLifetime, at: now)
    }

    private func token(
        _ name: String, audience: String, lifetime: Int, at now: Int64
    ) async throws -> String {
        let seconds = Int(now / 1_000_000_000)
        func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: Double(seconds)) }
        let issued = IssuedAtClaim(value: date(seconds))
        return try await keys.sign(
            Claims(
                sub: SubjectClaim(value: name),
                exp: ExpirationClaim(value: date(seconds + lifetime)),
                iss: IssuerClaim(value: Self.issuer), aud: AudienceClaim(value: [audience]),
                iat: issued, authenticatedAt: issued),
            kid: keyIdentifier)
    }

    /// Base64 in the alphabet of URLs, without padding (RFC 4648, section 5).
    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}

/// Compares one password after another.
private actor HashingQueue {
    func matches(_ stored: UserFile.Password, _ password: Substring) -> Bool {
        stored.matches(String(password))
    }
}
