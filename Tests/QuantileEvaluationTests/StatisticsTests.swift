import QuantileEvaluation
import Quantiles
import Testing

@Suite("Statistics agree with SciPy, NumPy and statsmodels")
struct StatisticsTests {
    let reference: Reference

    init() throws {
        reference = try Reference()
    }

    @Test("ties share the mean of their ranks")
    func ranks() {
        #expect(midRanks(reference.numbers("tied_x")) == reference.numbers("tied_ranks"))
    }

    @Test("Pearson and Spearman on a sample with ties")
    func correlations() {
        let x = reference.numbers("tied_x")
        let y = reference.numbers("tied_y")
        #expect(agrees(pearsonCorrelation(x, y), reference.number("tied_pearson")))
        #expect(agrees(spearmanCorrelation(x, y), reference.number("tied_spearman")))
    }

    @Test("a correlation survives a large offset and does not exist for a constant")
    func correlationLimits() {
        let x = [1.0, 2, 3, 4].map { $0 + 1e9 }
        #expect(agrees(pearsonCorrelation(x, [2, 1, 4, 3]), 0.6))
        #expect(pearsonCorrelation([0.1, 0.1, 0.1], [1, 2, 3]) == nil)
        #expect(spearmanCorrelation([1], [2]) == nil)
    }

    @Test("quantiles are of type 7, also at the ends and of one value")
    func quantiles() {
        let sorted = reference.numbers("tied_x").sorted()
        let ours = [0, 0.1, 0.5, 0.9, 1].map { sampleQuantile(ofSorted: sorted, at: $0) }
        #expect(agree(ours, reference.numbers("tied_quantiles")))
        #expect(sampleQuantile(ofSorted: [3], at: 0.95) == 3)
    }

    @Test("Wilson's interval stays inside [0, 1] where no label or every label is below")
    func interval() {
        let none = wilsonInterval(share: 0, count: 20)
        let all = wilsonInterval(share: 1, count: 20)
        #expect(none.lowerBound == 0 && none.upperBound > 0.1 && none.upperBound < 0.2)
        #expect(all.upperBound == 1 && agrees(1 - all.lowerBound, none.upperBound))
    }

    @Test("Durbin-Watson by hand: alternating, constant, too few, zero")
    func durbinWatsonLimits() {
        #expect(durbinWatson([1, -1, 1, -1]) == 3)
        #expect(durbinWatson([2, 2, 2]) == 0)
        #expect(durbinWatson([1]) == nil)
        #expect(durbinWatson([0, 0]) == nil)
    }
}
