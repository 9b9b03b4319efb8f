/// The colours of the report, in one place for the page and for figures of their own.
enum Palette {
    private static let light = [
        "paper": "#ffffff", "ink": "#1d232b", "quiet": "#5b6572", "rule": "#d9dee4",
        "forecast": "#1f6fb4", "oracle": "#c06a10", "ig": "#2f8a4c", "hy": "#b3402e",
        "first": "#1f6fb4", "second": "#b3402e", "third": "#2f8a4c", "fourth": "#7a4fb0",
        "fifth": "#8a6d1a", "sixth": "#c06a10", "seventh": "#b0407f", "eighth": "#4c7f8a",
    ]
    private static let dark = [
        "paper": "#15191f", "ink": "#e7ebf0", "quiet": "#a0aab6", "rule": "#333b45",
        "forecast": "#62a9e6", "oracle": "#eba04e", "ig": "#6cc88a", "hy": "#ef8270",
        "first": "#62a9e6", "second": "#ef8270", "third": "#6cc88a", "fourth": "#b592ea",
        "fifth": "#d3b75e", "sixth": "#eba04e", "seventh": "#e58abd", "eighth": "#86bfca",
    ]
    private static let paper = [
        "paper": "#ffffff", "ink": "#000000", "quiet": "#444b54", "rule": "#cfd4da",
    ]

    /// Colours as custom properties of an element, light and dark.
    static func colours(of element: String) -> String {
        func properties(_ colours: [String: String]) -> String {
            colours.sorted { $0.key < $1.key }.map { "--\($0.key): \($0.value);" }
                .joined(separator: " ")
        }
        let printed = light.merging(paper) { _, paper in paper }
        return """
            \(element) { \(properties(light)) }
            @media (prefers-color-scheme: dark) { \(element) { \(properties(dark)) } }
            @media print { \(element) { \(properties(printed)) } }

            """
    }

    static let marks = """
        .figure { font: 12px system-ui, "Segoe UI", Roboto, sans-serif; }
        .figure text { fill: var(--quiet); }
        .figure text.name { fill: var(--ink); }
        .figure text.note { fill: var(--ink); }
        .paper { fill: var(--paper); }
        .forecast { --mark: var(--forecast); }
        .oracle { --mark: var(--oracle); }
        .label { --mark: var(--ink); }
        .nominal { --mark: var(--quiet); }
        .ig { --mark: var(--ig); }
        .hy { --mark: var(--hy); }
        .first { --mark: var(--first); }
        .second { --mark: var(--second); }
        .third { --mark: var(--third); }
        .fourth { --mark: var(--fourth); }
        .fifth { --mark: var(--fifth); }
        .sixth { --mark: var(--sixth); }
        .seventh { --mark: var(--seventh); }
        .eighth { --mark: var(--eighth); }
        .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
        .tick { stroke: var(--quiet); stroke-width: 1; fill: none; }
        .line { stroke: var(--mark); stroke-width: 2; fill: none; stroke-linejoin: round; }
        .line.long { stroke-width: 1.5; stroke-dasharray: 7 4; }
        .line.short { stroke-width: 1.5; stroke-dasharray: 2 3; }
        .line.nominal { stroke-width: 1.3; stroke-dasharray: 5 4; }
        .band { fill: var(--mark); fill-opacity: 0.18; }
        .dot { fill: var(--mark); }
        .dot.label { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
        .stroke { stroke: var(--mark); fill: none; stroke-linecap: butt; }
        .bar { fill: var(--mark); }

        """
}
