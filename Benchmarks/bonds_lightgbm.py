#!/usr/bin/env python3
"""LightGBM on the vectors of a feature store: what a network has to beat on the same rows.

    tenor features --market market --out store
    python bonds_lightgbm.py store --out lightgbm.csv
    tenor compare forecasts.csv lightgbm.csv --market market --out comparison

One model a level, on the same training days as the recipe `bonds`, with the same purge, the same
residual labels and the same weights, stopped on the same validation days; the forecasts of the test
days become a forecast table. Where a row's levels cross they are sorted, which helps LightGBM.

Needs numpy, pandas and lightgbm.
"""
import argparse
import json
import struct
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

NUMBERS = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "I64": np.int64, "U8": np.uint8}
# What training clips labels to, in units of the scale.
LABEL_LIMIT = 30


def shard(path):
    """The columns of one day, as arrays over a memory map."""
    data = np.memmap(path, np.uint8, "r")
    length = struct.unpack("<Q", data[:8].tobytes())[0]
    header = json.loads(data[8 : 8 + length].tobytes())
    columns = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        columns[name] = data[start:end].view(NUMBERS[entry["dtype"]]).reshape(entry["shape"])
    return columns


def vectors(shards):
    """State and condition of some days, `[rows, features]`."""
    rows = sum(len(day["time"]) for day in shards)
    width = shards[0]["state"].shape[1] + shards[0]["condition"].shape[1]
    out = np.empty((rows, width), np.float32)
    start = 0
    for day in shards:
        end = start + len(day["time"])
        out[start:end] = np.hstack([day["state"], day["condition"]])
        start = end
    return out


def joined(shards, name):
    return np.concatenate([day[name] for day in shards])


def text(column):
    return [bytes(row).rstrip(b"\0").decode() for row in column]


def part(shards, reported_before=None):
    """Vectors, labels and weights of the days, without what was reported too late."""
    x, y, weight = vectors(shards), joined(shards, "label"), joined(shards, "weight")
    if reported_before is None:
        return x, y, weight
    keep = joined(shards, "report_time") < reported_before
    if not keep.all():
        x, y, weight = x[keep], y[keep], weight[keep]
    return x, np.clip(y, -LABEL_LIMIT, LABEL_LIMIT), weight


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--out", required=True)
    parser.add_argument("--levels", default="5,50,95", help="in percent")
    parser.add_argument("--warm-up", type=int, default=15, help="days, as in the recipe")
    parser.add_argument("--validation", type=int, default=5)
    parser.add_argument("--embargo", type=int, default=1)
    parser.add_argument("--test", type=int, default=20)
    parser.add_argument("--trees", type=int, default=600)
    parser.add_argument("--leaves", type=int, default=63)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--feature-fraction", type=float, default=1.0)
    parser.add_argument("--bagging-fraction", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    days = [shard(path) for path in sorted(options.store.glob("*.safetensors"))]
    days = [day for day in days if len(day["time"])]
    test_start = len(days) - options.test
    validation_start = test_start - options.embargo - options.validation
    train = days[options.warm_up : validation_start - options.embargo]
    validation = days[validation_start : test_start - options.embargo]
    test = days[test_start:]

    x, y, weight = part(train, validation[0]["time"][0])
    print(f"{len(y)} training rows of {x.shape[1]} features", flush=True)
    settings = dict(
        objective="quantile", num_leaves=options.leaves, learning_rate=options.rate,
        feature_fraction=options.feature_fraction, bagging_fraction=options.bagging_fraction,
        bagging_freq=1 if options.bagging_fraction < 1 else 0, num_threads=options.threads,
        seed=0, verbose=-1)
    begin = time.perf_counter()
    data = lightgbm.Dataset(x, y, weight=weight, params=settings).construct()
    del x
    checked = lightgbm.Dataset(
        *part(validation, test[0]["time"][0])[:2], reference=data,
        weight=part(validation, test[0]["time"][0])[2]).construct()
    test_x = vectors(test)
    print(f"binned in {time.perf_counter() - begin:.0f} s", flush=True)

    # Ascending, as the sorted forecasts of a row are.
    levels = sorted({float(level) for level in options.levels.split(",")})
    forecasts = np.empty((len(test_x), len(levels)))
    for column, level in enumerate(levels):
        begin = time.perf_counter()
        model = lightgbm.train(
            {**settings, "alpha": level / 100}, data, options.trees, valid_sets=[checked],
            callbacks=[lightgbm.early_stopping(30, verbose=False)])
        forecasts[:, column] = model.predict(test_x, num_iteration=model.best_iteration)
        print(
            f"{level:g} %: {model.best_iteration} trees, "
            f"{time.perf_counter() - begin:.0f} s", flush=True)
    forecasts.sort(axis=1)
    scale, reference = joined(test, "scale"), joined(test, "reference")
    prices = reference[:, None].astype(np.float64) + scale[:, None] * forecasts

    side = joined(test, "side")
    table = pd.DataFrame({
        "cusip": text(joined(test, "cusip")), "figi": text(joined(test, "figi")),
        "execution_date": joined(test, "time"), "report_date": joined(test, "report_time"),
        "ats_indicator": np.where(joined(test, "ats") == 0, "N", "Y"),
        "buy_sell": np.where(side == 0, "B", "S"), "side": np.where(side == 2, "D", "C"),
        "quantity": joined(test, "quantity"), "price": joined(test, "price"),
        "label": joined(test, "price")})
    for column, level in enumerate(levels):
        table[f"{level:g}_tile"] = prices[:, column]
    table.to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
