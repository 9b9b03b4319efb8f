#!/usr/bin/env python3
"""Makes the parity fixtures of BondsTests with QuantLib.

    python3 Tests/BondsTests/Fixtures/generate_parity.py

needs QuantLib (the PyPI package; the version used is in versions.json). It writes beside itself

  bonds.csv     bonds of every convention with what QuantLib says of them; prices per 100 of par,
                yields in percent, duration and convexity in years. Yields compound as often as
                coupons are paid; in the last coupon period interest is simple.
  holidays.csv  weekdays on which QuantLib's US government bond market is closed

Left out, because QuantLib pays a coupon by the day count of its period where the market pays the
coupon over the frequency: 30/360 bonds some of whose periods are not exactly 360/frequency days
(month ends that meet February).
"""

import csv
import json
import pathlib
import platform
import random

import QuantLib as ql

HERE = pathlib.Path(__file__).parent
FREQUENCIES = {1: ql.Annual, 2: ql.Semiannual, 4: ql.Quarterly, 12: ql.Monthly}
COLUMNS = [
    "kind", "coupon", "frequency", "day_count", "dated_date", "first_coupon", "last_coupon",
    "maturity", "settlement", "yield", "clean_price", "accrued", "modified_duration", "convexity",
    "rounded_price", "yield_of_rounded_price",
]


def iso(date):
    return "" if date is None else f"{date.year()}-{date.month():02d}-{date.dayOfMonth():02d}"


def make(rng, kind, frequency, day_count):
    months = 12 // frequency
    end_of_month = rng.random() < 0.25 and "odd" not in kind
    maturity_month, maturity_year = rng.randint(1, 12), rng.randint(2016, 2060)
    coupon_months = {(maturity_month - 1 + k * months) % 12 + 1 for k in range(frequency)}
    if day_count == "30/360" and 2 in coupon_months:
        end_of_month = False
    day = 1 if end_of_month else rng.randint(1, 28)
    anchor = ql.Date(day, maturity_month, maturity_year)
    if end_of_month:
        anchor = ql.Date.endOfMonth(anchor)

    def grid(periods):
        date = anchor + ql.Period(-periods * months, ql.Months)
        return ql.Date.endOfMonth(date) if end_of_month else date

    periods = rng.randint(3, 30 * frequency)
    dated, first, last, maturity = grid(periods), None, None, anchor
    if kind in ("odd first", "odd both"):
        first = grid(periods - 1)
        dated = first - rng.randint(5, int(2.4 * 365 / frequency))
    if kind in ("odd last", "odd both"):
        last = anchor
        maturity = anchor + rng.randint(5, int(1.9 * 365 / frequency))
    if kind == "last period":
        settlement = max(dated, grid(1)) + rng.randint(0, max(1, (anchor - grid(1)) - 2))
    elif kind == "first period":
        settlement = dated + rng.randint(0, max(1, (grid(periods - 1) - dated) - 2))
    else:
        settlement = dated + rng.randint(0, maturity - dated - 1)
    coupon = 0.0 if kind == "zero" else rng.randint(1, 112) / 8
    schedule = ql.Schedule(
        dated, maturity, ql.Period(months, ql.Months), ql.NullCalendar(), ql.Unadjusted,
        ql.Unadjusted, ql.DateGeneration.Backward, end_of_month, first or ql.Date(),
        last or ql.Date())
    counter = (
        ql.Thirty360(ql.Thirty360.BondBasis) if day_count == "30/360"
        else ql.ActualActual(ql.ActualActual.ISMA))
    bond = ql.FixedRateBond(0, 100.0, schedule, [coupon / 100], counter, ql.Unadjusted, 100.0)
    yield_percent = rng.choice(
        [rng.uniform(0, 12), rng.uniform(-5, 2), rng.uniform(10, 60), rng.uniform(50, 300)])
    dates = [d for d in schedule if d > settlement]
    compounding = ql.Simple if len(dates) == 1 else ql.Compounded

    def rate(percent):
        return ql.InterestRate(percent / 100, counter, compounding, FREQUENCIES[frequency])

    ql.Settings.instance().evaluationDate = settlement
    price = ql.BondFunctions.cleanPrice(bond, rate(yield_percent), settlement)
    rounded = round(price, 3)
    try:
        back = 100 * ql.BondFunctions.bondYield(
            bond, ql.BondPrice(rounded, ql.BondPrice.Clean), counter, compounding,
            FREQUENCIES[frequency], settlement, 1e-14, 1000, yield_percent / 100)
    except RuntimeError:
        back = None
    # A price near 0 has no digits left after rounding; on the 30th before a 31st no time is left.
    if rounded < 0.5 or back is None or not -5 <= back <= 300 or len(dates) == 0:
        return None
    if counter.yearFraction(settlement, maturity, *list(schedule)[-2:]) == 0:
        return None
    return [
        kind, coupon, frequency, day_count, iso(dated), iso(first), iso(last), iso(maturity),
        iso(settlement), yield_percent, price, ql.BondFunctions.accruedAmount(bond, settlement),
        ql.BondFunctions.duration(bond, rate(yield_percent), ql.Duration.Modified, settlement),
        ql.BondFunctions.convexity(bond, rate(yield_percent), settlement), rounded, back,
    ]


def main():
    rng = random.Random(20250307)
    kinds = ["regular", "zero", "odd first", "odd last", "odd both", "last period", "first period"]
    with open(HERE / "bonds.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for kind in kinds:
            for frequency in FREQUENCIES:
                for day_count in ("30/360", "actual/actual"):
                    rows = []
                    while len(rows) < 16:
                        row = make(rng, kind, frequency, day_count)
                        if row:
                            rows.append(row)
                    writer.writerows(rows)
    calendar = ql.UnitedStates(ql.UnitedStates.GovernmentBond)
    with open(HERE / "holidays.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date"])
        for date in calendar.holidayList(ql.Date(1, 1, 2002), ql.Date(31, 12, 2035), False):
            writer.writerow([iso(date)])
    versions = {"QuantLib": ql.__version__, "python": platform.python_version()}
    (HERE / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
