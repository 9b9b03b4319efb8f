import Bonds
import FairValue
import Testing

@Suite struct FilterTests {
    private let parameters = FairValueParameters()

    @Test("In its own world the filter's error has the variance that it states")
    func knownTruth() {
        var normals = Normals(seed: 7)
        var errors = 0.0
        var variances = 0.0
        var innovations = 0.0
        let prints = 20_000
        var filter = FairValueFilter()
        var truth = 4.5
        var days = 0.0
        // A print of 2 MM between dealers in a bond of DV01 0.07 at 90 basis points.
        let noise = parameters.observation(
            spread: 90, dv01: 0.07, side: 0, quantity: 2e6
        ).noiseVariance
        for _ in 0..<prints {
            let step = 0.05 * (1 + normals.uniform())
            days += step
            truth +=
                (parameters.dailyVariance * step + parameters.leastVariance).squareRoot()
                * normals.next()
            let before = filter.predicted(
                days: days, creditIndex: 4.6, isHighYield: false, prior: 4.5, parameters)
            errors += (truth - before.logSpread) * (truth - before.logSpread)
            variances += before.variance
            let print = LogSpreadObservation(
                logSpread: truth, adjusted: truth + noise.squareRoot() * normals.next(),
                noiseVariance: noise)
            let update = filter.observe(
                print, days: days, creditIndex: 4.6, isHighYield: false, prior: 4.5, parameters)
            innovations += update.innovation * update.innovation / update.innovationVariance
        }
        #expect(abs(errors / variances - 1) < 0.05)
        #expect(abs(innovations / Double(prints) - 1) < 0.05)
    }

    @Test("A bond follows its class's credit index, and a print far away is cut")
    func robustness() {
        var filter = FairValueFilter()
        func print(_ logSpread: Double) -> LogSpreadObservation {
            LogSpreadObservation(logSpread: logSpread, adjusted: logSpread, noiseVariance: 1e-3)
        }
        filter.observe(
            print(4.5), days: 1, creditIndex: 4.6, isHighYield: false, prior: 4.5, parameters)
        let later = filter.predicted(
            days: 1, creditIndex: 4.7, isHighYield: false, prior: 0, parameters)
        #expect(abs(later.logSpread - 4.57) < 1e-12)
        let before = filter.logSpread
        let update = filter.observe(
            print(9), days: 1.1, creditIndex: 4.6, isHighYield: false, prior: 4.5, parameters)
        #expect(abs(update.innovation - 3 * update.innovationVariance.squareRoot()) < 1e-12)
        #expect(filter.logSpread - before < 0.1)
    }

    @Test(
        "Offers are seen below their spread's middle price, bids above; clients alone are corrected"
    )
    func sides() {
        func adjusted(_ side: Double, _ quantity: Double, spread: Double = 100) -> Double {
            let seen = parameters.observation(
                spread: spread, dv01: 0.05, side: side, quantity: quantity)
            return seen.adjusted - seen.logSpread
        }
        #expect(adjusted(0, 1e6) == 0)
        #expect(adjusted(1, 1e6) > 0)
        #expect(adjusted(-1, 1e6) == -adjusted(1, 1e6))
        // Small trades pay more, but never more than the limit.
        #expect(adjusted(1, 1e4) > adjusted(1, 1e6))
        #expect(abs(adjusted(1, 1, spread: 3) - parameters.largestCorrection) < 1e-12)
    }

    @Test("The credit index takes the Treasury's move out of the ETF's")
    func creditIndex() {
        var index = CreditIndex.investmentGrade
        let start = index.value
        index.update(price: 110, yield: 4)
        #expect(index.value == start)
        // The whole move is the Treasury's.
        index.update(price: 110 - 8.3 * 0.1, yield: 4.1)
        #expect(abs(index.value - start) < 1e-12)
        // One percent of the spread, at 105 basis points, is 8.3 * 1.05 / 100 points.
        index.update(price: 110 - 8.3 * 0.1 - 8.3 * 1.05 * 0.01, yield: 4.1)
        #expect(abs(index.value - start - 0.01) < 1e-12)
        index.update(price: .nan, yield: 4.1)
        index.update(price: 1, yield: 4.1)
        #expect(index.value - start <= 0.01 + 0.25 + 1e-12)
    }

    @Test("A cohort's mean decays, and an empty cohort asks its neighbours")
    func cohorts() throws {
        var prior = CohortPrior(parameters)
        let single = CreditRating("A")
        #expect(prior.logSpread(rating: single, years: 5, creditIndex: 4.6) == 4.6)
        prior.add(logSpread: 4, rating: single, years: 5, days: 10)
        prior.add(logSpread: 5, rating: single, years: 5, days: 11)
        let mean = prior.logSpread(rating: single, years: 6.9, creditIndex: 0)
        #expect(abs(mean - (0.5 * 4 + 5) / 1.5) < 1e-12)
        // The nearest notch of the bucket, then any.
        #expect(prior.logSpread(rating: CreditRating("BB"), years: 4, creditIndex: 0) == mean)
        #expect(prior.logSpread(rating: nil, years: 20, creditIndex: 0) == mean)
        // A print that is late weighs as much as one of now.
        prior.add(logSpread: 5, rating: single, years: 5, days: 10.5)
        #expect(prior.logSpread(rating: single, years: 5, creditIndex: 0) > mean)
    }
}
