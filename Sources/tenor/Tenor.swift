import ArgumentParser

@main
struct Tenor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenor",
        abstract:
            "Trains quantile networks that price corporate bonds, and proves how good they are.")
}
