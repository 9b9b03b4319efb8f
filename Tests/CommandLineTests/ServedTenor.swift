import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A `tenor serve` that runs, and the user alice.
struct ServedTenor {
    struct Answer {
        var status: Int
        var body: String

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        }
    }

    let port: Int

    /// Makes `users.json`.
    static func addUser(in folder: URL) async throws {
        let run = try await runTenor(
            "user", "add", "alice", "--users", "users.json", input: "correct horse\n", in: folder)
        try #require(run.exit == 0, "\(run.standardError)")
    }

    /// Runs a server while the body does its work, and stops it.
    static func run(
        _ arguments: [String], in folder: URL,
        _ body: @escaping (ServedTenor) async throws -> Void
    ) async throws -> TenorRun {
        let output = folder.appending(path: "serve-\(UUID().uuidString)")
        try Data().write(to: output)
        return try await runTenor(
            ["serve"] + arguments + ["--port", "0"], in: folder, output: output
        ) { process in
            var port: Int?
            for _ in 0..<600 where port == nil {
                try await Task.sleep(for: .milliseconds(100))
                let line = try String(contentsOf: output, encoding: .utf8)
                port = line.split(separator: ":").last.flatMap {
                    line.hasSuffix("\n") ? Int($0.dropLast()) : nil
                }
            }
            try await body(ServedTenor(port: try #require(port)))
            kill(process, SIGINT)
        }
    }

    func ask(_ path: String, token: String? = nil, post body: String? = nil) async throws -> Answer
    {
        var request = URLRequest(
            url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.utf8)
            request.setValue(
                "AWSCognitoIdentityProviderService.InitiateAuth",
                forHTTPHeaderField: "X-Amz-Target")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return Answer(
            status: try #require(response as? HTTPURLResponse).statusCode,
            body: String(decoding: data, as: UTF8.self))
    }

    func logIn() async throws -> String {
        let answer = try await ask(
            "/",
            post: """
                {"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"x",
                 "AuthParameters":{"USERNAME":"alice","PASSWORD":"correct horse"}}
                """
        ).json()
        let result = try #require(answer["AuthenticationResult"] as? [String: Any])
        return try #require(result["IdToken"] as? String)
    }
}
