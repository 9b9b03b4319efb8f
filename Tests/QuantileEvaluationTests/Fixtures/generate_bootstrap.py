"""Draws days, bonds and cells for the tables of generate_trades.py, and writes bootstrap.json: the
draws, and what NumPy and SciPy make of them, as bands of the calibration curve (whole days) and as
intervals of paired differences (pigeonhole bootstrap, less twice the cells' variance).

Run: python generate_bootstrap.py    (numpy, pandas, scipy; versions go into bootstrap.json)
"""

import json
import pathlib
import platform

import numpy
import pandas
import scipy
import scipy.stats

folder = pathlib.Path(__file__).parent
rng = numpy.random.default_rng(20261121)
draws = 120
levels = numpy.arange(1, 20) / 20
tiles = [f"{5 * k}_tile" for k in range(1, 20)]
key = ["cusip", "execution_date", "ats_indicator", "buy_sell", "side"]

first = pandas.read_csv(folder / "trades_first.csv")
second = pandas.read_csv(folder / "trades_second.csv")


def codes(values):
    """Numbers in the order in which the values first come."""
    return pandas.factorize(values, sort=False)[0]


def drawn(clusters):
    """How often each of some clusters comes, a row a draw."""
    return rng.multinomial(clusters, numpy.full(clusters, 1 / clusters), size=draws)


def digits(counts):
    assert counts.max() < 10
    return ["".join(map(str, row)) for row in counts]


def eastern_days(times):
    eastern = pandas.to_datetime(times, utc=True).dt.tz_convert("America/New_York")
    midnight = eastern.dt.tz_localize(None).dt.normalize()
    return (midnight - pandas.Timestamp("1970-01-01")).dt.days.values


# Bands of the calibration curve: whole days.
day = codes(eastern_days(first.execution_date))
below = first.label.values[:, None] <= first[tiles].values
of_day = numpy.array([below[day == d].sum(axis=0) for d in range(day.max() + 1)])
rows_of_day = numpy.bincount(day)
calibration_days = drawn(len(rows_of_day))
shares = (calibration_days @ of_day) / (calibration_days @ rows_of_day)[:, None]
bands = numpy.quantile(shares, [0.025, 0.975], axis=0)

# Paired differences on the same trades, in the order of the first table.
first["bond"] = codes(first.cusip)
both = first.merge(second, on=key, suffixes=("", "_second"))
assert len(both) == 800 and (both.label == both.label_second).all()
day_number = eastern_days(both.execution_date)
day, bond = codes(day_number), codes(both.bond)


def mixed(value):
    """SplitMix64's finaliser: which group of cells a day and a bond belong to."""
    value = numpy.uint64(value)
    with numpy.errstate(over="ignore"):
        value = (value ^ (value >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return int(value ^ (value >> numpy.uint64(31))) % 4096


cell = codes(numpy.array([mixed(int(d) << 32 | int(b)) for d, b in zip(day_number, both.bond)]))
counts = {"days": drawn(day.max() + 1), "bonds": drawn(bond.max() + 1), "cells": drawn(cell.max() + 1)}
label = both.label.values[:, None]
errors, losses = [], []
for suffix in ("", "_second"):
    forecast = both[[name + suffix for name in tiles]].values
    errors.append(numpy.abs(label[:, 0] - forecast[:, 9]))
    gap = label - forecast
    losses.append(numpy.maximum(levels * gap, (levels - 1) * gap).mean(axis=1))
won = (errors[0] < errors[1]) + 0.5 * (errors[0] == errors[1])


def measured(weight):
    """Each measure's two values where a row comes so often."""
    values = {}
    for percent in (50, 75, 95):
        values[str(percent)] = [
            numpy.quantile(numpy.repeat(error, weight), percent / 100) for error in errors]
    values["mean"] = [numpy.average(error, weights=weight) for error in errors]
    values["pinball"] = [numpy.average(loss, weights=weight) for loss in losses]
    share = numpy.average(won, weights=weight)
    values["won"] = [share, 0.5]
    return values


def differences(weights):
    drawn = [measured(weight) for weight in weights]
    return {name: numpy.array([d[name][0] - d[name][1] for d in drawn]) for name in drawn[0]}


pigeonhole = differences([d[day] * b[bond] for d, b in zip(counts["days"], counts["bonds"])])
cells = differences([c[cell] for c in counts["cells"]])
observed = measured(numpy.ones(len(both), int))
clusters = min(day.max(), bond.max()) + 1
paired = {}
for name, (ours, theirs) in observed.items():
    difference = ours - theirs
    spread, single = pigeonhole[name].var(ddof=1), cells[name].var(ddof=1)
    error = numpy.sqrt(max(spread - 2 * single, single) * clusters / (clusters - 1))
    freedom = max(2, clusters - 1)
    scale = error / numpy.sqrt(spread) * scipy.stats.t.ppf(0.975, freedom) / scipy.stats.norm.ppf(0.975)
    low, middle, high = numpy.quantile(pigeonhole[name], [0.025, 0.5, 0.975])
    paired[name] = [
        difference, difference + scale * (low - middle), difference + scale * (high - middle), error,
        2 * scipy.stats.t.sf(abs(difference) / error, freedom)]

with open(folder / "bootstrap.json", "w") as file:
    json.dump(
        {"versions": {"python": platform.python_version(), "numpy": numpy.__version__,
                      "pandas": pandas.__version__, "scipy": scipy.__version__},
         "calibration_days": digits(calibration_days),
         **{name: digits(count) for name, count in counts.items()},
         "band_lower": bands[0].tolist(), "band_upper": bands[1].tolist(), "paired": paired},
        file, indent=1, default=float)
    file.write("\n")
