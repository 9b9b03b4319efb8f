"""Makes two forecast tables of bond trades, a small market folder, and trades.json: what NumPy, pandas,
SciPy and statsmodels say about them.

Run with Python, numpy, pandas, scipy and statsmodels; the versions used are written into trades.json.
"""

import csv
import json
import pathlib
import platform

import numpy
import pandas
import scipy.special
import scipy.stats
import statsmodels
import statsmodels.stats.diagnostic
import statsmodels.stats.multitest
import statsmodels.stats.stattools
import statsmodels.tsa.stattools

folder = pathlib.Path(__file__).parent
rng = numpy.random.default_rng(20240310)
levels = numpy.arange(1, 20) / 20
normal = scipy.stats.norm.ppf(levels)
bonds, rows = 24, 900
days = pandas.bdate_range("2024-02-26", "2024-03-22")  # the clock changed on 2024-03-10
ratings = ["AA", "A", "BBB", "BBB-", "BB+", "B"]
sectors = ["energy", "retail", "banks"]

(folder / "market").mkdir(exist_ok=True)
with open(folder / "market" / "bonds.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["cusip", "issuer", "sector", "coupon", "frequency", "day_count", "dated_date", "maturity",
         "offering_amount"])
    for bond in range(bonds):
        writer.writerow(
            [f"B{bond:08d}", f"issuer {bond // 2}", sectors[bond % 3], 3 + bond % 4, 2, "30/360",
             f"{2015 + bond % 9}-01-15", f"{2025 + bond}-01-15", (2 + bond) * 100_000_000])
with open(folder / "market" / "ratings.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["issuer", "date", "agency", "rating"])
    for issuer in range(bonds // 2):
        writer.writerow([f"issuer {issuer}", "2020-01-01", "S&P", ratings[issuer % 6]])
    # One issuer falls out of investment grade in the middle of the trades.
    writer.writerow(["issuer 3", "2024-03-11", "S&P", "BB"])
(folder / "market" / "manifest.json").write_text('{"simulated": true}\n')

day = rng.integers(0, len(days), rows)
second = rng.integers(8 * 3600, 17 * 3600, rows)
local = pandas.DatetimeIndex(days[day]) + pandas.to_timedelta(second, unit="s")
time = local.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
time = time.values.astype("datetime64[ns]").astype(numpy.int64)
bond = rng.integers(0, bonds, rows)
side = rng.integers(0, 3, rows)
ats = rng.random(rows) < 0.2
quantity = numpy.round(10 ** rng.uniform(4, 7, rows), -3)
center = 95 + 10 * rng.random(rows)
scale = 0.05 + 0.3 * rng.random(rows)
daily, ofbond = rng.normal(size=len(days)), rng.normal(size=bonds)
error = scale * (rng.normal(size=rows) + 0.4 * daily[day] + 0.4 * ofbond[bond])
price = numpy.round(center + error, 4)
first = numpy.round(center[:, None] + 1.1 * scale[:, None] * normal, 4)
second_center = center + 0.5 * scale * rng.normal(size=rows)
second_tiles = numpy.round(second_center[:, None] + 1.2 * scale[:, None] * normal, 4)
spread = numpy.round(rng.uniform(50, 1300, rows), 1)


def write(name, tiles, keep):
    with open(folder / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["cusip", "execution_date", "ats_indicator", "buy_sell", "side", "quantity", "price",
             "spread", "treasury_yield_mid", "label", *[f"{5 * k}_tile" for k in range(1, 20)]])
        for row in keep:
            writer.writerow(
                [f"B{bond[row]:08d}", time[row], "Y" if ats[row] else "N",
                 "B" if side[row] == 0 else "S", "D" if side[row] == 2 else "C",
                 int(quantity[row]), price[row], spread[row], 4.1, price[row], *tiles[row]])


write("trades_first.csv", first, range(rows))
kept = rng.permutation(rows)[:800]
write("trades_second.csv", second_tiles, kept)

frame = pandas.DataFrame(
    {"time": time, "bond": bond, "side": side, "ats": ats, "quantity": quantity, "price": price,
     "day": day, "spread": spread, "residual": price - first[:, 9]})
frame["error"] = frame.residual.abs()
eastern = pandas.to_datetime(frame.time, utc=True).dt.tz_convert("America/New_York")
frame["hour"] = eastern.dt.hour
frame["week"] = (eastern.dt.normalize() - pandas.to_timedelta(eastern.dt.weekday, unit="D")).dt.date
issuer = frame.bond // 2
notch = issuer.map(lambda i: ratings[i % 6])
fallen = (issuer == 3) & (eastern.dt.date >= pandas.Timestamp("2024-03-11").date())
high = notch.isin(["BB+", "B"]) | fallen
frame["grade"] = numpy.where(high, "HY", "IG")
order = frame.sort_values("time", kind="stable")
residuals = order.residual.values
acf = statsmodels.tsa.stattools.acf(residuals, nlags=20, fft=False)
box = statsmodels.stats.diagnostic.acorr_ljungbox(residuals, lags=[1, 5, 10, 20])
groups = [part.residual.values for _, part in order.groupby("bond")]
panel = sum(numpy.square(numpy.diff(g)).sum() for g in groups if len(g) > 1) / sum(
    numpy.square(g).sum() for g in groups if len(g) > 1)
own = [statsmodels.stats.stattools.durbin_watson(g) for g in groups if len(g) >= 20]
next_errors, next_ages = [], []
for _, part in order.groupby("bond"):
    median = part.price.values - part.residual.values
    age = numpy.diff(part.time.values) / 1e9
    gap = numpy.abs(median[:-1] - part.price.values[1:])
    next_errors += list(gap[age > 0])
    next_ages += list(age[age > 0])


def deviance(part):
    return [len(part), *numpy.quantile(part.error, [0.5, 0.75, 0.8, 0.95])]


def pinball(tiles, label):
    gap = label[:, None] - tiles
    return numpy.maximum(levels * gap, (levels - 1) * gap).mean(axis=1)


# The comparison: the trades that both tables have.
common = numpy.sort(kept)
ours, theirs = numpy.abs(price - first[:, 9])[common], numpy.abs(price - second_tiles[:, 9])[common]
losses = [pinball(first, price)[common], pinball(second_tiles, price)[common]]


def diebold_mariano(difference):
    """Newey-West with Bartlett weights; Harvey, Leybourne and Newbold's correction for one step."""
    series = pandas.Series(difference).groupby(day[common]).mean().sort_index().values
    count = len(series)
    lags = int(4 * (count / 100) ** (2 / 9))
    centred = series - series.mean()
    variance = (centred**2).mean()
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (centred[lag:] * centred[:-lag]).sum() / count
    statistic = series.mean() / numpy.sqrt(variance / count) * numpy.sqrt((count - 1) / count)
    return [count, lags, series.mean(), statistic, 2 * scipy.stats.t.sf(abs(statistic), count - 1)]


width = first[:, 18] - first[:, 0]
score = width + 2 / 0.1 * (
    numpy.maximum(first[:, 0] - price, 0) + numpy.maximum(price - first[:, 18], 0))
values = [0.001, 0.012, 0.02, 0.04, 0.3, 0.9, 0.011]
middle = first[:, 14] - first[:, 4]
middle_score = middle + 2 / 0.5 * (
    numpy.maximum(first[:, 4] - price, 0) + numpy.maximum(price - first[:, 14], 0))

# Groups of rows, some of them twice, and the largest of their calibration errors.
chooser = numpy.random.default_rng(7)
groups = [chooser.integers(0, rows, size).tolist() for size in (20, 20, 50, 50, 200)]


def calibration_error(group):
    return numpy.abs((price[group, None] <= first[group]).mean(axis=0) - levels).mean()


# The standard deviation of each calibration share where whole days are drawn again.
below = pandas.DataFrame(price[:, None] <= first).groupby(day).sum().values
in_day = numpy.bincount(day)
picks = chooser.integers(0, len(in_day), (20_000, len(in_day)))
shares = below[picks].sum(axis=1) / in_day[picks].sum(axis=1)[:, None]
samples = [chooser.normal(size=9), 0.5 + 2 * chooser.normal(size=14)]
result = {
    "versions": {
        "python": platform.python_version(), "numpy": numpy.__version__,
        "pandas": pandas.__version__, "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
    },
    "autocorrelation": list(acf[1:]),
    "ljung_box": box.lb_stat.tolist(),
    "ljung_box_p": box.lb_pvalue.tolist(),
    "durbin_watson": statsmodels.stats.stattools.durbin_watson(residuals),
    "durbin_watson_panel": panel,
    "durbin_watson_own": [len(own), *numpy.quantile(own, [0.05, 0.25, 0.5, 0.75, 0.95])],
    "next_trade": [len(next_errors), *numpy.quantile(next_errors, [0.5, 0.75, 0.8, 0.95]),
                   numpy.median(next_ages)],
    "interval_score_90": score.mean(),
    "interval_score_50": middle_score.mean(),
    "mean_width_90": width.mean(),
    "mean_width_50": middle.mean(),
    "groups": groups,
    "worst_group": max(calibration_error(group) for group in groups),
    "calibration_band_deviation": shares.std(axis=0).tolist(),
    "samples": [sample.tolist() for sample in samples],
    "welch": scipy.stats.ttest_ind(*samples, equal_var=False).pvalue,
    "cohorts": {
        **{g: deviance(p) for g, p in frame.groupby("grade")},
        **{f"hour={h}": deviance(p) for h, p in frame.groupby("hour")},
        **{f"IG hour={h}": deviance(p) for h, p in frame[frame.grade == "IG"].groupby("hour")},
        **{f"week={w}": deviance(p) for w, p in frame.groupby("week")},
        "side=bid": deviance(frame[frame.side == 0]),
        "side=dealer": deviance(frame[frame.side == 2]),
        "ats=ATS": deviance(frame[frame.ats]),
        "health=distressed": deviance(frame[frame.spread >= 1000]),
        "size=< $100,000": deviance(frame[frame.quantity < 1e5]),
        "size=$1 million to $5 million": deviance(
            frame[(frame.quantity >= 1e6) & (frame.quantity < 5e6)]),
        "amount=$500 million to 1 billion": deviance(frame[(frame.bond >= 3) & (frame.bond < 8)]),
        "sector=banks": deviance(frame[frame.bond % 3 == 2]),
        "rating=BBB": deviance(frame[notch.isin(["BBB", "BBB-"]) & ~fallen]),
    },
    "comparison": {
        "rows": len(common),
        "deviance_difference": [
            numpy.quantile(ours, q) - numpy.quantile(theirs, q) for q in (0.5, 0.75, 0.95)],
        "pinball_difference": (losses[0] - losses[1]).mean(),
        "share_won": ((ours < theirs) + 0.5 * (ours == theirs)).mean(),
        "diebold_mariano_pinball": diebold_mariano(losses[0] - losses[1]),
        "diebold_mariano_error": diebold_mariano(ours - theirs),
    },
    "p_values": values,
    "holm": statsmodels.stats.multitest.multipletests(values, method="holm")[1].tolist(),
    "chi_squared": [[x, k, scipy.stats.chi2.sf(x, k)]
                    for x, k in [(0.1, 1), (3.84, 1), (30, 20), (400, 20), (12, 10)]],
}
with open(folder / "trades.json", "w") as file:
    json.dump(result, file, indent=1, default=float)
    file.write("\n")
