import Foundation

/// Returns the quantile of the standard normal distribution at a probability in (0, 1), with a
/// relative error of about 1e-16; minus and plus infinity at 0 and 1, NaN outside.
///
/// Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
/// Applied Statistics 37 (1988), routine PPND16.
public func normalQuantile(_ probability: Double) -> Double {
    let centred = probability - 0.5
    if abs(centred) <= 0.425 {
        return centred * central(0.180625 - centred * centred)
    }
    let smaller = centred < 0 ? probability : 1 - probability
    guard smaller > 0 else {
        return smaller == 0 ? (centred < 0 ? -.infinity : .infinity) : .nan
    }
    let root = (-log(smaller)).squareRoot()
    let tail = root <= 5 ? middle(root - 1.6) : far(root - 5)
    return centred < 0 ? -tail : tail
}

private func central(_ r: Double) -> Double {
    var numerator = 2.509_080_928_730_122_672_7e+3
    numerator = numerator * r + 3.343_057_558_358_812_810_5e+4
    numerator = numerator * r + 6.726_577_092_700_870_085_3e+4
    numerator = numerator * r + 4.592_195_393_154_987_145_7e+4
    numerator = numerator * r + 1.373_169_376_550_946_112_5e+4
    numerator = numerator * r + 1.971_590_950_306_551_442_7e+3
    numerator = numerator * r + 1.331_416_678_917_843_774_5e+2
    numerator = numerator * r + 3.387_132_872_796_366_608_0
    var denominator = 5.226_495_278_852_854_561_0e+3
    denominator = denominator * r + 2.872_908_573_572_194_267_4e+4
    denominator = denominator * r + 3.930_789_580_009_271_061_0e+4
    denominator = denominator * r + 2.121_379_430_158_659_586_7e+4
    denominator = denominator * r + 5.394_196_021_424_751_107_7e+3
    denominator = denominator * r + 6.871_870_074_920_579_083_0e+2
    denominator = denominator * r + 4.231_333_070_160_091_125_2e+1
    denominator = denominator * r + 1
    return numerator / denominator
}

private func middle(_ r: Double) -> Double {
    var numerator = 7.745_450_142_783_414_076_40e-4
    numerator = numerator * r + 2.272_384_498_926_918_458_33e-2
    numerator = numerator * r + 2.417_807_251_774_506_117_70e-1
    numerator = numerator * r + 1.270_458_252_452_368_382_58
    numerator = numerator * r + 3.647_848_324_763_204_605_04
    numerator = numerator * r + 5.769_497_221_460_691_405_50
    numerator = numerator * r + 4.630_337_846_156_545_295_90
    numerator = numerator * r + 1.423_437_110_749_683_577_34
    var denominator = 1.050_750_071_644_416_843_24e-9
    denominator = denominator * r + 5.475_938_084_995_344_946_00e-4
    denominator = denominator * r + 1.519_866_656_361_645_719_66e-2
    denominator = denominator * r + 1.481_039_764_274_800_745_90e-1
    denominator = denominator * r + 6.897_673_349_851_000_045_50e-1
    denominator = denominator * r + 1.676_384_830_183_803_849_40
    denominator = denominator * r + 2.053_191_626_637_758_821_87
    denominator = denominator * r + 1
    return numerator / denominator
}

private func far(_ r: Double) -> Double {
    var numerator = 2.010_334_399_292_288_132_65e-7
    numerator = numerator * r + 2.711_555_568_743_487_578_15e-5
    numerator = numerator * r + 1.242_660_947_388_078_438_60e-3
    numerator = numerator * r + 2.653_218_952_657_612_309_30e-2
    numerator = numerator * r + 2.965_605_718_285_048_912_30e-1
    numerator = numerator * r + 1.784_826_539_917_291_335_80
    numerator = numerator * r + 5.463_784_911_164_114_369_90
    numerator = numerator * r + 6.657_904_643_501_103_777_20
    var denominator = 2.044_263_103_389_939_785_64e-15
    denominator = denominator * r + 1.421_511_758_316_445_888_70e-7
    denominator = denominator * r + 1.846_318_317_510_054_681_80e-5
    denominator = denominator * r + 7.868_691_311_456_132_591_00e-4
    denominator = denominator * r + 1.487_536_129_085_061_485_25e-2
    denominator = denominator * r + 1.369_298_809_227_358_053_10e-1
    denominator = denominator * r + 5.998_322_065_558_879_376_90e-1
    denominator = denominator * r + 1
    return numerator / denominator
}
