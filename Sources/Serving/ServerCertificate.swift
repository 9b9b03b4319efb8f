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

    package func context() throws(FileError) -> NIOSSLContext {
        // Missing files are told as such, before the library says less.
        _ = try FileContents.bytes(of: certificatePath)
        _ = try FileContents.bytes(of: keyPath)
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificatePath).map { .certificate($0) }
        } catch {
            throw FileError(
                .badData, file: certificatePath, "not a certificate", expected: "a PEM file")
        }
        do {
            let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw FileError(
                .badData, file: keyPath, "not the private key of the certificate",
                expected: "a PEM file without a passphrase")
        }
    }
}
