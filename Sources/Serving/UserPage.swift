import NIOHTTP1

/// The page at `/ui`: a bond's quantiles over sizes, its trades, and the chance of a level.
///
/// The page itself tells nothing; what it shows it asks for with the token of whoever logs in.
package enum UserPage {
    package static let response = HTTPResponse(
        type: "text/html; charset=utf-8",
        headers: [
            "Content-Security-Policy":
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                + "connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-cache",
        ],
        PackageResources.ui_html)

    /// Where a browser that comes to `/` finds it.
    package static let pointer: HTTPResponse = {
        var response = HTTPResponse.text(
            "The page is at /ui, prices at / by WebSocket.\n", .seeOther)
        response.headers.add(name: "Location", value: "/ui")
        return response
    }()
}
