import Datasets
import Features
import Files
import Inference

extension StoreOrigin {
    /// Says on standard error which tables a network was trained with that a market folder does
    /// without.
    package func warn(absentFrom market: String) throws(FileError) {
        for input in try FeatureInput.absent(market: market) where tables.contains(input.table) {
            StandardError.warn(
                "the network was trained with \(input.table).csv, which \(market) does not have: "
                    + (input.without ?? ""))
        }
    }

    /// Says on standard error how many of some sizes are below those of training.
    /// - Parameter what: what has these sizes: `sizes` or `trades`.
    package func warn(smallAmong sizes: [Double], what: String) {
        let small = sizes.count { $0 < minimumQuantity }
        guard small > 0 else { return }
        StandardError.warn(
            "\(trained): \(small) of the \(sizes.count) \(what) asked for are smaller, their "
                + "quantiles are extrapolated")
    }

    /// Says on standard error that quantiles of small sizes are extrapolated, where they are.
    package func warnOfSmallSizes() {
        guard minimumQuantity > 1 else { return }
        StandardError.warn("\(trained): quantiles of smaller sizes are extrapolated")
    }

    private var trained: String {
        let least = Int(exactly: minimumQuantity).map(ProgressLine.grouped)
        return "the network was trained on trades of \(least ?? "\(minimumQuantity)") and more"
    }
}

extension EngineStates {
    /// The states of a folder; those that cannot be used are told on standard error.
    package static func told(folder: String) throws(FileError) -> EngineStates {
        try EngineStates(folder: folder) { error in
            StandardError.write("Not used, and made anew: \(error)\n")
        }
    }
}
