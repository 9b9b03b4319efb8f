"""Makes the forecast tables of these tests and what independent libraries say about them.

Run: python generate.py    (numpy, scipy, scikit-learn, statsmodels; versions go into reference.json)
"""

import csv
import json
import pathlib
import platform

import numpy
import scipy
import scipy.stats
import sklearn
import sklearn.metrics
import statsmodels
import statsmodels.stats.proportion
import statsmodels.stats.stattools

folder = pathlib.Path(__file__).parent
rng = numpy.random.default_rng(20260101)
rows = 400
levels = numpy.arange(1, 20) * 5 / 100

# A skewed truth with a scale of its own per row, and a forecast that knows it imperfectly.
location = 3 * rng.normal(size=rows)
scale = numpy.exp(0.6 * rng.normal(size=rows))
label = location + scale * (rng.gamma(3, size=rows) - 3)
oracle = location[:, None] + scale[:, None] * (scipy.stats.gamma.ppf(levels, 3) - 3)[None, :]
wrong = scale * numpy.exp(0.3 * rng.normal(size=rows))
tiles = (location + 0.3 * rng.normal(size=rows))[:, None] + wrong[:, None] * (
    scipy.stats.norm.ppf(levels)[None, :] * 1.4 - 0.3
)
label, tiles, oracle = (numpy.round(table, 4) for table in (label, tiles, oracle))
# Ties with tiles, ties among widths, and tiles that cross.
label[7], label[90], label[91] = tiles[7, 3], tiles[90, 9], tiles[91, 18]
tiles[20] = tiles[21]
tiles[33, [4, 5]] = tiles[33, [5, 4]]
tiles[34, [0, 1, 17, 18]] = tiles[34, [1, 0, 18, 17]]
# Times with ties, not in the order of the rows; some autocorrelation in time.
day = rng.integers(0, 300, size=rows)
time = 1_700_000_000_000_000_000 + day.astype(numpy.int64) * 86_400_000_000_000
source = rng.permutation(1000)[:rows]


def write(name, header, columns):
    with open(folder / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(zip(*columns))


names = [f"{5 * k}_tile" for k in range(1, 20)]
write(
    "forecasts.csv",
    ["row", "execution_date", "label", *names],
    [source, time, label, *tiles.T],
)
# The oracle has other rows too, in another order, and no label.
order = rng.permutation(rows)
write(
    "oracle.csv",
    ["row", *names],
    [
        numpy.concatenate([[5000, 5001], source[order]]),
        *numpy.concatenate([oracle[:2], oracle[order]]).T,
    ],
)

median = tiles[:, 9]
error = numpy.abs(median - label)
width = tiles[:, 18] - tiles[:, 0]


def pinball(forecast):
    return [
        sklearn.metrics.mean_pinball_loss(label, forecast[:, k], alpha=levels[k])
        for k in range(19)
    ]


wilson = [
    statsmodels.stats.proportion.proportion_confint(
        int((label <= tiles[:, k]).sum()), rows, alpha=0.05, method="wilson"
    )
    for k in range(19)
]
below, upto = (tiles < label[:, None]).sum(axis=1), (tiles <= label[:, None]).sum(axis=1)
between = [((below == k).sum() + (upto == k).sum()) / (2 * rows) for k in range(20)]
by_time = (label - median)[numpy.argsort(time, kind="stable")]
decreases = numpy.diff(tiles, axis=1) < 0
deciles = []
for part in [
    numpy.argsort(width, kind="stable")[k * rows // 10 : (k + 1) * rows // 10] for k in range(10)
]:
    inside = (tiles[part, 0] <= label[part]) & (label[part] <= tiles[part, 18])
    deciles.append(
        [
            width[part].mean(),
            error[part].mean(),
            numpy.median(error[part]),
            inside.mean(),
        ]
    )

ours, theirs = pinball(tiles), pinball(oracle)
gap = label[:, None] - tiles
loss = numpy.maximum(levels * gap, (levels - 1) * gap).mean(axis=1)
gap = label[:, None] - oracle
oracle_loss = numpy.maximum(levels * gap, (levels - 1) * gap).mean(axis=1)
ratio = loss.mean() / oracle_loss.mean()

reference = {
    "versions": {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
    },
    "pinball": numpy.mean(ours),
    "pinball_by_level": ours,
    "calibration": [(label <= tiles[:, k]).mean() for k in range(19)],
    "wilson_lower": [low for low, _ in wilson],
    "wilson_upper": [high for _, high in wilson],
    "ties": [int((label == tiles[:, k]).sum()) for k in range(19)],
    "calibration_error": numpy.mean(
        [abs((label <= tiles[:, k]).mean() - levels[k]) for k in range(19)]
    ),
    "between": between,
    "coverage_90": ((tiles[:, 0] <= label) & (label <= tiles[:, 18])).mean(),
    "coverage_50": ((tiles[:, 4] <= label) & (label <= tiles[:, 14])).mean(),
    "deviance": [numpy.quantile(error, q, method="linear") for q in (0.5, 0.75, 0.8, 0.95)],
    "mae": sklearn.metrics.mean_absolute_error(label, median),
    "rmse": sklearn.metrics.root_mean_squared_error(label, median),
    "bias": (label - median).mean(),
    "durbin_watson": statsmodels.stats.stattools.durbin_watson(by_time),
    "pearson": scipy.stats.pearsonr(width, error).statistic,
    "spearman": scipy.stats.spearmanr(width, error).statistic,
    "deciles": deciles,
    "crossings": int(decreases.sum()),
    "crossing_rows": int(decreases.any(axis=1).sum()),
    "regret": ratio - 1,
    "regret_standard_error": (loss - ratio * oracle_loss).std(ddof=1)
    / numpy.sqrt(rows)
    / oracle_loss.mean(),
    "regret_by_level": [a / b - 1 for a, b in zip(ours, theirs)],
    "oracle_pinball": numpy.mean(theirs),
    "oracle_calibration_error": numpy.mean(
        [abs((label <= oracle[:, k]).mean() - levels[k]) for k in range(19)]
    ),
    # A small sample with many ties, for the statistics on their own.
    "tied_x": [1, 2, 2, 3, 3, 3, 9, -1],
    "tied_y": [2, 2, 1, 5, 5, 0, 1, 7],
}
x, y = reference["tied_x"], reference["tied_y"]
reference |= {
    "tied_ranks": scipy.stats.rankdata(x).tolist(),
    "tied_spearman": scipy.stats.spearmanr(x, y).statistic,
    "tied_pearson": scipy.stats.pearsonr(x, y).statistic,
    "tied_quantiles": [numpy.quantile(x, q) for q in (0, 0.1, 0.5, 0.9, 1)],
}
with open(folder / "reference.json", "w") as file:
    json.dump(reference, file, indent=1, default=float)
    file.write("\n")
