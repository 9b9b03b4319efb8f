import ArgumentParser
import Arrays
import Autodiff
import Foundation
import Layers
import QuantileTraining
import Quantiles
import Random
import Terminal

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times a fixed architecture, or the feature engine on a market.",
        discussion: """
            With --arch training steps, inference or one-row latency. A training step is forward, \
            pinball over 19 levels, backward and AdamW, on random numbers. The JSON object has the \
            median step with its spread, the time inside matrix products in the same steps, and \
            what the step took from the system.

            With --market the start of a feature engine, from the state in --store where that is \
            given, and live vectors: as the last day's trades are reported, what one vector takes \
            after its events are in.

            Example:
              tenor bench --arch mlp512 --mode train --threads 2
              tenor bench --market market --store store
            """)

    enum Mode: String, CaseIterable, ExpressibleByArgument {
        case train, infer, latency, variations
    }

    @Option(
        help:
            "The architecture: \(BenchArchitecture.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var arch: BenchArchitecture?

    @Option(help: ArgumentHelp("A market folder.", valueName: "folder"))
    var market: String?

    @Option(help: ArgumentHelp("A feature store of the market.", valueName: "folder"))
    var store: String?

    @Option(
        help: """
            What to time: train, infer, latency (one row), or variations: 40 conditions of each \
            bond beside one, with the model two-stage and no --arch.
            """)
    var mode = Mode.train

    @Option(help: "Threads of a matrix product. (default: all)")
    var threads: Int?

    @Option(help: "Rows a step. (default: the peers'; 1 for latency, 512 bonds for variations)")
    var batch: Int?

    @Option(help: "Seconds to measure for.")
    var seconds = 10.0

    func validate() throws {
        let subjects = [arch != nil, market != nil, mode == .variations].filter { $0 }.count
        guard subjects == 1 else {
            throw ValidationError(
                "expected one of --arch, --market and --mode variations, which is of the model "
                    + "two-stage; --arch is one of "
                    + BenchArchitecture.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if store != nil, market == nil { throw ValidationError("--store needs --market") }
        guard (1...1_024).contains(threads ?? 1) else {
            throw ValidationError("--threads: expected 1 to 1,024, found \(threads ?? 1)")
        }
        guard (1...1_000_000).contains(batch ?? 1) else {
            throw ValidationError("--batch: expected 1 to 1,000,000, found \(batch ?? 1)")
        }
        guard seconds > 0, seconds <= 86_400 else {
            throw ValidationError("--seconds: expected more than 0 and at most 86,400")
        }
    }

    func run() throws {
        if let market {
            try StandardOutput.print(json: BenchFeatures(market: market, store: store))
        } else if let arch {
            try run(arch)
        } else {
            BLAS.setThreadCount(threads ?? BLAS.threadCount)
            try StandardOutput.print(
                json: VariationsBench(bonds: batch ?? 512, seconds: seconds))
        }
    }

    private func run(_ arch: BenchArchitecture) throws {
        BLAS.setThreadCount(threads ?? (mode == .latency ? 1 : BLAS.threadCount))
        let rows = batch ?? (mode == .latency ? 1 : arch.batch)
        let stream = RandomStream(seed: 0)
        // One variable: a second one would keep the first weights beside the trained ones.
        var network = arch.network(stream: stream.stream("network"))
        let inputs = Self.normal([rows] + arch.rowShape, stream.stream("inputs"))
        let labels = Self.normal([rows], stream.stream("labels"))
        var losses: [Double] = []
        losses.reserveCapacity(BenchTiming.mostSteps)
        let timing: BenchTiming
        switch mode {
        case .train:
            var optimizer = AdamW<Float>(weightDecay: 0.01)
            let levels = NDArray(QuantileLevels.standard.values.map(Float.init))
            timing = BenchTiming(seconds: seconds) {
                let (loss, gradients) = network.valueAndGradients { network in
                    .pinball(
                        forecasts: network(
                            Tensor(inputs), mode: .training(stream.stream("dropout"))),
                        labels: labels, levels: levels)
                }
                optimizer.update(&network, with: gradients, learningRate: 1e-4, gradientScale: 1)
                losses.append(Double(loss))
            }
        case .infer, .latency, .variations:
            timing = BenchTiming(seconds: seconds) {
                _ = network(Tensor(inputs), mode: .inference)
            }
        }
        let operations =
            Double(rows) * (mode == .train ? arch.trainingOperations : arch.forwardOperations)
        let peak = SpeedTest.matrixProducts(threads: BLAS.threadCount).gigaflops
        try StandardOutput.print(
            json: Result(
                arch: arch.rawValue, mode: mode.rawValue, batch: rows, threads: BLAS.threadCount,
                params: network.parameterCount, timing: timing, operations: operations,
                sgemmGflops: peak, losses: losses))
    }

    private static func normal(_ shape: [Int], _ stream: RandomStream) -> NDArray<Float> {
        var stream = stream
        let count = shape.reduce(1, *)
        return NDArray(shape: shape) {
            stream.fillNormal(UnsafeMutableBufferPointer(start: $0, count: count))
        }
    }

    private struct Result: Encodable {
        let arch: String
        let mode: String
        let dtype = "fp32"
        let batch: Int
        let threads: Int
        let params: Int
        let stepMs: Double
        let stepMsP10: Double
        let stepMsP90: Double
        let p50Us: Double
        let p99Us: Double
        let n: Int
        let rowsPerS: Double
        let gflops: Double
        /// Time inside matrix products, in the median of the same steps.
        let gemmMs: Double
        let stepOverGemm: Double
        /// A square product's rate in the same run, and the step's share of it.
        let sgemmGflops: Double
        let shareOfSgemm: Double
        /// Buffers and minor page faults of one steady step.
        let buffersPerStep: Double
        let pageFaultsPerStep: Double
        let peakRssMb: Int
        let lossFirst: Double?
        let lossLast: Double?
        let blas = BLAS.configuration
        let kernels = BLAS.coreName

        init(
            arch: String, mode: String, batch: Int, threads: Int, params: Int,
            timing: BenchTiming, operations: Double, sgemmGflops: Double, losses: [Double]
        ) {
            self.arch = arch
            self.mode = mode
            self.batch = batch
            self.threads = threads
            self.params = params
            self.sgemmGflops = sgemmGflops
            let step = timing.quantile(0.5)
            stepMs = step * 1e3
            stepMsP10 = timing.quantile(0.1) * 1e3
            stepMsP90 = timing.quantile(0.9) * 1e3
            p50Us = step * 1e6
            p99Us = timing.quantile(0.99) * 1e6
            n = timing.steps.count
            rowsPerS = Double(batch) / step
            gflops = operations / step / 1e9
            gemmMs = timing.matrixProducts * 1e3
            stepOverGemm = timing.stepOverMatrixProducts
            shareOfSgemm = gflops / sgemmGflops
            buffersPerStep = Double(timing.buffers) / Double(n)
            pageFaultsPerStep = Double(timing.pageFaults) / Double(n)
            peakRssMb = ResourceUsage.peakResidentMegabytes
            lossFirst = losses.first
            lossLast = losses.last
        }
    }
}
