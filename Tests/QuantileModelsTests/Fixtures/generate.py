"""Makes the reference values of input transforms and of recalibration.

Run: python generate.py    (numpy, scipy; versions go into reference.json)

The columns are a skewed one, one with many ties and one with missing cells (null). Fewer rows than
knots, so that every distinct training value is a knot.
"""

import fractions
import json
import math
import pathlib
import platform

import numpy
import scipy
import scipy.stats

rng = numpy.random.default_rng(20260203)
rows, new_rows = 301, 97


def column(kind, count):
    if kind == "skewed":
        return numpy.exp(rng.normal(3, 1.5, count))
    if kind == "ties":
        return rng.integers(-2, 3, count) / 4
    values = rng.normal(-1e-3, 1e-4, count)
    values[rng.random(count) < 0.2] = numpy.nan
    return values


def cells(values):
    return [None if math.isnan(value) else float(value) for value in values]


columns = []
for kind in ["skewed", "ties", "missing"]:
    train = column(kind, rows).astype(numpy.float32)
    # Beyond the training values only the bound is fixed, not the value: these stay inside.
    present = train[~numpy.isnan(train)].astype(float)
    new = numpy.clip(column(kind, new_rows), present.min(), present.max()).astype(numpy.float32)
    fill = numpy.quantile(present, 0.5, method="lower")
    filled = numpy.where(numpy.isnan(new), fill, new).astype(float)
    standard = (filled - present.mean()) / present.std()
    # A mid-rank counts from 1, its share of the rows lies in the middle of the rank.
    share = (scipy.stats.rankdata(present, method="average") - 0.5) / len(present)
    knots, first = numpy.unique(present, return_index=True)
    normal = numpy.interp(filled, knots, scipy.stats.norm.ppf(share[first]))
    columns.append(
        dict(
            name=kind, train=cells(train), new=cells(new), standard=standard.tolist(),
            quantile_normal=normal.tolist(), missing=numpy.isnan(new).astype(int).tolist()))

levels = [fractions.Fraction(k, 100) for k in [5, 15, 50, 70, 95]]
recalibrations = []
for count in [1, 7, 19, 20, 99, 250]:
    labels = rng.normal(size=count).astype(numpy.float32)
    forecasts = (numpy.linspace(-1, 1, 5) + rng.normal(size=(count, 1)) / 4).astype(numpy.float32)
    shifts = []
    for index, level in enumerate(levels):
        residuals = numpy.sort(labels - forecasts[:, index])
        rank = math.ceil((count + 1) * level)
        shifts.append(float(residuals[min(rank, count) - 1]))
    recalibrations.append(
        dict(labels=labels.tolist(), forecasts=forecasts.ravel().tolist(), shifts=shifts))

reference = dict(
    versions=dict(
        python=platform.python_version(), numpy=numpy.__version__, scipy=scipy.__version__),
    columns=columns, levels=[float(level) for level in levels], recalibrations=recalibrations)
text = json.dumps(reference)
(pathlib.Path(__file__).parent / "reference.json").write_text(text + "\n")
