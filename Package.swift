// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Only the baseline clone of the vector kernels, to test it on a CPU that would pick a newer one
/// (`make check-long`).
let baselineKernels = Context.environment["TENOR_BASELINE_KERNELS"] != nil

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let network = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket"].map {
    Target.Dependency.product(name: $0, package: "swift-nio")
}
let networkSecurity = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let cryptography = ["Crypto", "CryptoExtras"].map {
    Target.Dependency.product(name: $0, package: "swift-crypto")
}
let tokens = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")

/// A room of the house: a library target that imports only rooms on lower floors.
func room(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [],
    exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path ?? "Sources/\(name)",
        exclude: ["README.md"] + exclude, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
        swiftSettings: strict)
}

let package = Package(
    name: "tenor",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tenor", targets: ["tenor"]),
        .executable(name: "tenor-server", targets: ["tenor-server"]),
        .library(
            name: "Tenor",
            targets: [
                "Files", "Random", "Arrays", "Quantiles", "Bonds", "Autodiff", "Datasets", "Tape",
                "FairValue", "Layers", "Baselines", "Features",
                "Simulation", "QuantileModels", "QuantileEvaluation", "QuantileTraining",
                "Inference", "Serving",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.2.0"),
    ],
    targets: [
        // Floor 0: system libraries and vector kernels.
        .systemLibrary(
            name: "COpenBLAS", path: "Sources/COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "CVectorMath", path: "Sources/CVectorMath",
            cSettings: baselineKernels ? [.define("CVECTORMATH_BASELINE")] : []),
        // Floor 1
        room("Files", ["CZlib", yams]),
        room("Random"),
        // Floor 2
        room("Arrays", ["COpenBLAS", "CVectorMath", "Files"]),
        room("Quantiles", ["Files"]),
        room("Bonds", ["Files"]),
        // Floor 3
        room("Autodiff", ["Arrays", "Random"]),
        room("Datasets", ["Files", "Arrays", "Quantiles"]),
        room("Tape", ["Files", "Random", "Bonds", heap]),
        room("FairValue", ["Files", "Bonds"]),
        // Floor 4
        room("Layers", ["Autodiff", "Arrays", "Random"]),
        room("Simulation", ["Files", "Random", "Quantiles", "Bonds", "Tape", "FairValue"]),
        room("Baselines", ["Files", "Quantiles", "Bonds", "Tape", "FairValue"]),
        room(
            "Features",
            ["Files", "Random", "Arrays", "Bonds", "Tape", "FairValue", "Datasets"]),
        // Floor 5
        room(
            "QuantileModels", path: "Models",
            ["Files", "Random", "Arrays", "Quantiles", "Autodiff", "Layers"],
            resources: [.embedInCode("Specs")]),
        room(
            "QuantileEvaluation", path: "Evaluation",
            ["Files", "Random", "Quantiles", "Bonds", mustache],
            resources: [
                .embedInCode("Report/Templates"), .embedInCode("Protocols"),
                .embedInCode("Published"),
            ]),
        // Floor 6
        room(
            "QuantileTraining", path: "Training",
            [
                "Files", "Random", "Arrays", "Quantiles", "Autodiff", "Datasets", "Layers",
                "QuantileModels", protobuf,
            ],
            exclude: ["TensorBoard/events.proto"], resources: [.embedInCode("Recipes")]),
        room(
            "Inference",
            [
                "Files", "Arrays", "Quantiles", "Bonds", "Datasets", "Tape", "FairValue",
                "Features", "QuantileModels",
            ]),
        // Floor 7
        room(
            "Serving",
            [
                "Files", "Random", "Arrays", "Quantiles", "Bonds", "Datasets", "Tape", "FairValue",
                "Features", "QuantileModels", "Inference",
            ] + network + [networkSecurity, tokens] + cryptography,
            resources: [.embedInCode("Page")]),
        room(
            "Terminal",
            ["Files", "Datasets", "Features", "Inference", argumentParser]),
        // Floor 8
        .executableTarget(
            name: "tenor",
            dependencies: [
                "Files", "Random", "Arrays", "Quantiles", "Autodiff", "Datasets", "Layers",
                "Simulation", "QuantileModels", "QuantileEvaluation", "QuantileTraining",
                "Inference", "Tape", "Bonds", "FairValue", "Baselines", "Features", "Terminal",
                argumentParser,
            ],
            path: "Sources/tenor", swiftSettings: strict),
        .executableTarget(
            name: "tenor-server",
            dependencies: [
                "Files", "Arrays", "Bonds", "Datasets", "Tape", "QuantileModels", "Inference",
                "Serving", "Terminal", argumentParser,
            ],
            path: "Sources/tenor-server", swiftSettings: strict),
        // What several test targets compare with: fixtures and tolerances.
        room("TestSupport", path: "Tests/TestSupport", ["Files", "Arrays", "Autodiff"]),
        // A market that several test targets price.
        room(
            "TestMarkets", path: "Tests/TestMarkets",
            [
                "Files", "Random", "Quantiles", "Bonds", "Datasets", "Tape", "Simulation",
                "Features", "QuantileModels", "Inference",
            ]),
        // A client of a server.
        room("TestSockets", path: "Tests/TestSockets", network + [networkSecurity]),
        tests("FilesTests", ["Files"]),
        tests("RandomTests", ["Random"]),
        tests("ArraysTests", ["Arrays", "Files", "TestSupport"]),
        tests("QuantilesTests", ["Quantiles", "Files"]),
        tests("BondsTests", ["Bonds", "Files", "Random"], exclude: ["Fixtures"]),
        tests("AutodiffTests", ["Autodiff", "Arrays", "Random", "TestSupport"]),
        tests("DatasetsTests", ["Datasets", "Files", "Arrays"]),
        tests("TapeTests", ["Tape", "Bonds", "Files"], exclude: ["Fixtures"]),
        tests(
            "BaselinesTests",
            ["Baselines", "FairValue", "Simulation", "Bonds", "Tape", "Quantiles", "Files"]),
        tests("FairValueTests", ["FairValue", "Bonds", "Files"], exclude: ["Fixtures"]),
        tests(
            "FeaturesTests",
            ["Features", "FairValue", "Simulation", "Datasets", "Tape", "Bonds", "Random", "Files"]),
        tests(
            "LayersTests", ["Layers", "Autodiff", "Arrays", "Random", "Files", "TestSupport"],
            exclude: ["Fixtures"]),
        tests("SimulationTests", ["Simulation", "Random", "Quantiles", "Files", "Bonds", "Tape"]),
        tests(
            "QuantileModelsTests",
            [
                "QuantileModels", "Quantiles", "Layers", "Autodiff", "Arrays", "Random", "Files",
                "TestSupport",
            ],
            exclude: ["Fixtures"]),
        tests(
            "QuantileEvaluationTests",
            ["QuantileEvaluation", "Quantiles", "Files", "Bonds", "Random"],
            exclude: ["Fixtures"]),
        tests(
            "QuantileTrainingTests",
            [
                "QuantileTraining", "QuantileModels", "Quantiles", "Layers", "Autodiff", "Arrays",
                "Random", "Files", "Datasets", "Inference", "TestSupport", protobuf,
            ],
            exclude: ["Fixtures"]),
        tests(
            "InferenceTests",
            [
                "Inference", "QuantileModels", "Quantiles", "Layers", "Arrays", "Random", "Files",
                "Datasets", "Bonds", "Tape", "Features", "TestMarkets",
            ]),
        tests(
            "ServingTests",
            [
                "Serving", "Files", "Arrays", "Quantiles", "Bonds", "Datasets", "Tape", "Random",
                "Features", "QuantileModels", "Inference", "TestMarkets", "TestSockets",
            ] + network
                + [networkSecurity] + cryptography,
            exclude: ["Fixtures"]),
        tests("ArchitectureTests", []),
        tests("CommandLineTests", ["tenor", "tenor-server", "Files", "TestSockets"]),
    ]
)
