import Foundation
import TestSockets
import Testing

/// A desk's days on the built binary, as `Documentation/a-desks-day.md` tells them.
@Suite(.timeLimit(.minutes(5))) struct DeskDayTests {
    /// A desk: its folder, and the simulated vendor's files that come day by day.
    private struct Desk {
        let folder: TemporaryFolder
        let days: [String]
        var url: URL { folder.url }

        init() async throws {
            folder = try TemporaryFolder()
            let url = folder.url
            let run = try await runTenor(
                "simulate", "--bonds", "80", "--days", "11", "--trace", "enhanced", "--out",
                "vendor", in: url)
            try #require(run.exit == 0, "\(run.standardError)")
            days = try FileManager.default
                .contentsOfDirectory(atPath: url.appending(path: "vendor/trace").path)
                .filter { $0.hasPrefix("enhanced") }.sorted()
                .map { String($0.dropLast(4).suffix(10)) }
            try #require(days.count == 11)
        }

        func tenor(_ arguments: String..., rest: [String] = []) async throws -> TenorRun {
            let run = try await runTenor(arguments + rest, in: url)
            try #require(run.exit == 0, "\(arguments): \(run.standardError)")
            return run
        }

        /// Imports the prints of days and brings the other tables up to the last of them.
        func takeIn(_ range: Range<Int>) async throws {
            let files = days[range].map { "vendor/trace/enhanced-time-and-sales-cusip-\($0).txt" }
            let run = try await runTenor(
                ["import", "--layout", "enhanced", "--bonds", "vendor/bonds.csv", "--out", "desk"]
                    + (range.lowerBound > 0 ? ["--append"] : []) + ["--trace"] + files, in: url)
            try #require(run.exit == 0, "\(run.standardError)")
            let end = try #require(
                ISO8601DateFormatter().date(from: days[range.upperBound - 1] + "T23:59:59Z"))
            let names = try FileManager.default
                .contentsOfDirectory(atPath: url.appending(path: "vendor").path)
            for name in names
            where name.hasSuffix(".csv") && !["trades.csv", "truth.csv"].contains(name) {
                try copy(name, until: Int64(end.timeIntervalSince1970) * 1_000_000_000)
            }
        }

        /// A table of the vendor with what is known at a time, where its rows have times.
        private func copy(_ name: String, until end: Int64) throws {
            let text = try String(
                contentsOf: url.appending(path: "vendor/" + name), encoding: .utf8)
            let lines = text.split(separator: "\n")
            let kept =
                lines[0].hasPrefix("time,")
                ? lines.prefix(1)
                    + lines.dropFirst().filter { Int64($0.prefix { $0 != "," }) ?? 0 <= end }
                : lines[...]
            let target = url.appending(path: "desk/" + name)
            // Whoever follows the folder never sees half a table.
            try Data((kept.joined(separator: "\n") + "\n").utf8).write(to: target, options: .atomic)
        }

        /// Vectors of all days so far, and a small network on them.
        func train(_ name: String, from start: String? = nil) async throws {
            _ = try await tenor("features", "--market", "desk", "--out", "store-\(name)")
            let start = start.map { ["--start", "run-\($0)/model.safetensors"] } ?? []
            _ = try await tenor(
                "train", "bonds", "--data", "store-\(name)", "--out", "run-\(name)", "--set",
                "model={family: two-stage, hidden: [16], head: [8]}", "--set", "training.steps=40",
                "--set", "training.batch=64", "--set", "training.warm_up=4", "--set",
                "validation.every=20", "--set", "validation.warm_up_days=1", "--set",
                "validation.days=1", "--set", "validation.test_days=1", rest: start)
        }

        /// Puts a run's checkpoint where it is served, at once.
        func deploy(_ name: String) throws {
            let new = url.appending(path: "new.safetensors")
            try FileManager.default.copyItem(
                at: url.appending(path: "run-\(name)/model.safetensors"), to: new)
            try #require(rename(new.path, url.appending(path: "served.safetensors").path) == 0)
        }

        func figis() throws -> [String] {
            let lines = try String(
                contentsOf: url.appending(path: "desk/bonds.csv"), encoding: .utf8
            ).split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            let column = try #require(lines[0].firstIndex(of: "figi"))
            return lines.dropFirst().map { String($0[column]) }.filter { !$0.isEmpty }
        }
    }

    @Test(
        "Prints in, the universe scored, yesterday's quotes judged, a new checkpoint under a server"
    )
    func week() async throws {
        let desk = try await Desk()
        try await desk.takeIn(0..<7)
        let figis = try desk.figis()
        _ = try desk.folder.file("universe.txt", figis.joined(separator: "\n") + "\n")
        try await desk.train("first")
        try desk.deploy("first")
        try await ServedTenor.addUser(in: desk.url)
        let run = try await ServedTenor.run(
            ["served.safetensors", "--market", "desk", "--users", "users.json", "--follow"]
                + ["--states", "states", "--refresh", "0.5"], in: desk.url
        ) { server in
            let token = try await server.logIn()
            try await WebSocketClient.connect(port: server.port) { client in
                let items = figis.prefix(20).map {
                    "{\"rfq_label\":\"price\",\"figi\":\"\($0)\",\"quantity\":1000000,"
                        + "\"side\":\"bid\",\"subscribe\":true}"
                }
                try await client.send(
                    "{\"token\":\"\(token)\",\"inference\":[\(items.joined(separator: ","))]}")
                let first = try #require(
                    try await client.receive()["inference"] as? [[String: Any]])
                let events = try await Self.events(server)
                // The first is a Monday.
                for day in 7..<9 {
                    try await self.day(day, of: desk)
                }
                try await desk.takeIn(9..<11)
                // The server hears of the days' prints, once the folder has stood still.
                for _ in 0..<300 where try await Self.events(server) <= events {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(try await Self.events(server) > events)
                let version = try await server.ask("/readyz").body
                try await desk.train("second", from: "first")
                try desk.deploy("second")
                for _ in 0..<300 where try await server.ask("/readyz").body == version {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(try await server.ask("/readyz").body != version)
                // The same connection, and the same subscriptions: those that were under way have
                // been read when an answer to a new question has come.
                try await client.send(
                    "{\"inference\":[{\"rfq_label\":\"price\",\"figi\":\"\(figis[0])\","
                        + "\"quantity\":77,\"side\":\"offer\"}]}")
                var (isAnswered, refreshed) = (false, 0)
                while !isAnswered || refreshed < first.count {
                    let came = try await client.receive()["inference"] as? [[String: Any]] ?? []
                    if came.contains(where: { $0["quantity"] as? Int == 77 }) { isAnswered = true }
                    refreshed += isAnswered ? came.count : 0
                }
            }
        }
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(run.standardError.contains("now pricing with served/"))
    }

    /// A day: yesterday's quotes of the universe, then the day's prints, against which they are
    /// judged.
    private func day(_ day: Int, of desk: Desk) async throws {
        let quotes = "quotes-\(desk.days[day - 1]).csv"
        let scored = try await desk.tenor(
            "score", "served.safetensors", "--market", "desk", "--universe", "universe.txt",
            "--at", desk.days[day - 1] + "T23:30:00Z", "--variations", "full", "--dealer",
            "--states", "states", "--out", quotes, "--json"
        ).json()
        let priced = try #require(scored["priced"] as? Int)
        #expect(scored["asked"] as? Int == priced + (scored["unpriced"] as? Int ?? 0))
        #expect(scored["rows"] as? Int == 60 * priced)
        try await desk.takeIn(day..<day + 1)
        let judged = try await desk.tenor(
            "evaluate", quotes, "--trades", "desk/trades.csv", "--market", "desk", "--json"
        ).json()
        // What traded on the day, all of it and only that: there was no tape beyond it.
        let rows = try #require(judged["rows"] as? Int)
        let funnel = try #require(judged["quotes"] as? [String: Any])
        let count = { (key: String) in funnel[key] as? Int ?? -1 }
        #expect(rows > 0 && rows == count("trades") - count("other_bond"))
        #expect(count("too_old") == 0 && count("not_yet_quoted") == 0)
        #expect(judged["first_day"] as? String == desk.days[day])
        #expect(judged["last_day"] as? String == desk.days[day])
        #expect(judged["pinball"] as? Double ?? .infinity < 10)
    }

    /// How many events a server took in since it runs.
    private static func events(_ server: ServedTenor) async throws -> Double {
        let lines = try await server.ask("/metrics").body.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("tenor_events_total") })
        return try #require(Double(line.split(separator: " ").last ?? ""))
    }
}
