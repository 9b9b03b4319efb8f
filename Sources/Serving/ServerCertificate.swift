import Bonds
import Files
import NIOSSL

/// A certificate with its chain and its key, in PEM files.
public struct ServerCertificate: Sendable {
    private let certificatePath: String
    private let keyPath: String

    public init(certificate: String, key: String) {
        certificatePath = certificate
        keyPath = key
    }

    /// Reads both files.
    /// - Parameter now: at which time the certificate must be valid, in UTC epoch nanoseconds.
    /// - Throws: `FileError` where one of them is missing or something else, where the certificate is
    ///   not valid now, or the key is not its own.
    public func check(at now: Int64 = PricingService.systemTime()) throws(FileError) {
        _ = try context()
        let second: Int64 = 1_000_000_000
        guard let own = try chain().first else { return }
        let (start, end) = (Int64(own.notValidBefore), Int64(own.notValidAfter))
        guard now >= start * second, now <= end * second else {
            throw FileError(
                .badData, file: certificatePath,
                now > end * second
                    ? "the certificate has expired" : "the certificate is not valid yet",
                expected: "one that is valid at \(Timestamp.text(now / second * second))",
                found: "from \(Timestamp.text(start * second)) to \(Timestamp.text(end * second))",
                advice: "Have it renewed; clients refuse it as it is")
        }
    }

    package func context() throws(FileError) -> NIOSSLContext {
        let chain = try chain()
        let key = try key()
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw FileError(
                .badData, file: keyPath, "not the private key of the certificate",
                expected: "the key with which \(certificatePath) was made")
        }
    }

    private func chain() throws(FileError) -> [NIOSSLCertificate] {
        // A missing file is told as such, before the library says less.
        let bytes = try FileContents.bytes(of: certificatePath)
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), !chain.isEmpty else {
            throw FileError(
                .badData, file: certificatePath, "not a certificate",
                expected: "PEM, with -----BEGIN CERTIFICATE-----; its own first, then its chain")
        }
        return chain
    }

    private func key() throws(FileError) -> NIOSSLPrivateKey {
        let bytes = try FileContents.bytes(of: keyPath)
        // A passphrase would be asked for at the terminal.
        let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) { $0([UInt8]()) }
        guard let key else {
            throw FileError(
                .badData, file: keyPath, "not a private key",
                expected: "PEM, with -----BEGIN PRIVATE KEY-----, without a passphrase")
        }
        return key
    }
}
