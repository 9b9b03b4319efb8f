import Crypto
import Foundation
import JWTKit

/// What a verified token says.
public struct TokenClaims: Sendable, Equatable {
    /// The user.
    public var subject: String
    /// UTC epoch nanoseconds.
    public var issuedAt: Int64
    /// UTC epoch nanoseconds.
    public var expiresAt: Int64
    /// Tells this token from others of the user.
    public var digest: [UInt8]

    package init(subject: String, issuedAt: Int64, expiresAt: Int64, digest: [UInt8]) {
        self.subject = subject
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.digest = digest
    }
}

/// Why a token is not accepted.
public struct TokenError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Verifies JSON Web Tokens (RFC 7519) in their compact form against a set of public keys.
///
/// The key decides the algorithm: `alg: none` and a signature by a public key taken for a shared
/// secret have no way in. Tokens must expire.
public struct TokenVerifier: Sendable {
    private let keys: JWTKeyCollection
    private let audience: String?
    private let issuer: String?

    /// No token of ours is longer.
    package static let longest = 16_384
    /// How far two clocks may be apart, in seconds.
    package static let leeway = 30.0

    /// - Parameters:
    ///   - audience: must be among a token's audiences, unless nil.
    ///   - issuer: must be a token's issuer, unless nil.
    public init(keys: KeySet, audience: String?, issuer: String? = nil) {
        self.keys = keys.keys
        self.audience = audience
        self.issuer = issuer
    }

    /// The claims of a token that is valid at a time, in UTC epoch nanoseconds.
    public func verify(_ token: String, at now: Int64) async throws(TokenError) -> TokenClaims {
        guard token.utf8.count <= Self.longest else { throw TokenError("a token too long") }
        // The library also reads padding and characters of other alphabets: one token, one text.
        guard token.utf8.allSatisfy(Self.isCompact),
            let header = try? DefaultJWTParser().parse(Array(token.utf8), as: Claims.self).header
        else { throw TokenError("not a JSON Web Token with a subject and an expiry") }
        guard header.fields["crit"] == nil else { throw TokenError("a critical extension") }
        let claims: Claims
        do {
            claims = try await keys.verify(token, as: Claims.self)
        } catch {
            throw TokenError("a wrong signature, or an unknown key")
        }
        try check(claims, at: Date(timeIntervalSince1970: Double(now) / 1e9))
        return TokenClaims(
            subject: claims.sub.value, issuedAt: claims.issuedAt.nanoseconds,
            expiresAt: claims.exp.value.nanoseconds,
            digest: Array(SHA256.hash(data: Data(token.utf8))))
    }

    private func check(_ claims: Claims, at now: Date) throws(TokenError) {
        guard !claims.sub.value.isEmpty else { throw TokenError("no subject") }
        guard claims.exp.value < Self.latest, claims.issuedAt < Self.latest else {
            throw TokenError("a time that is none")
        }
        guard claims.exp.value > now else { throw TokenError("the token has expired") }
        let near = now + Self.leeway
        guard claims.nbf.map({ $0.value <= near }) ?? true else {
            throw TokenError("the token is not valid yet")
        }
        guard claims.issuedAt <= near else { throw TokenError("issued in the future") }
        if let audience, claims.aud?.value.contains(audience) != true {
            throw TokenError("for another audience")
        }
        if let issuer, claims.iss?.value != issuer { throw TokenError("of another issuer") }
    }

    /// Beyond it a time does not fit into nanoseconds.
    private static let latest = Date(timeIntervalSince1970: 9e9)

    private static func isCompact(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// The claims of an identity token (RFC 7519, section 4.1; `auth_time` of OpenID Connect).
package struct Claims: JWTPayload {
    package var sub: SubjectClaim
    package var exp: ExpirationClaim
    package var iss: IssuerClaim?
    package var aud: AudienceClaim?
    package var nbf: NotBeforeClaim?
    package var iat: IssuedAtClaim?
    package var authenticatedAt: IssuedAtClaim?

    private enum CodingKeys: String, CodingKey {
        case sub, exp, iss, aud, nbf, iat
        case authenticatedAt = "auth_time"
    }

    /// Nothing: what a claim has to be depends on the time and the audience of whoever asks.
    package func verify(using algorithm: some JWTAlgorithm) {}

    /// The beginning of time where a token does not say.
    package var issuedAt: Date {
        max(
            (iat ?? authenticatedAt)?.value ?? .init(timeIntervalSince1970: 0),
            .init(timeIntervalSince1970: 0))
    }
}

extension Date {
    /// UTC epoch nanoseconds, to the second's fraction that a token has.
    fileprivate var nanoseconds: Int64 { Int64((timeIntervalSince1970 * 1e6).rounded()) * 1_000 }
}
