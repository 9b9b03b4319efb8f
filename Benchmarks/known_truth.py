#!/usr/bin/env python3
"""How far public tools stay from the truth, on data whose true quantiles are known.

    tenor simulate --kind regression --rows 100000 --columns 50 --out known.csv
    python known_truth.py known.csv

Reads known.csv and known.oracle.csv, fits on the train part, stops and tunes on the validation
part, and prints regrets on the test part: mean pinball over the levels, divided by that of the true
quantiles, minus one. Forecasts: the label's own quantiles (constant), linear quantile regression
(statsmodels), one LightGBM model a level, and one CatBoost model of all levels. Ours is measured by
`tenor evaluate --oracle`.

Needs numpy, pandas, statsmodels, lightgbm and catboost. The last two take many minutes; --only
chooses.
"""
import argparse
import time
import warnings

import numpy as np
import pandas as pd

FORECASTS = ["constant", "linear", "lightgbm", "catboost"]


def pinball(label, forecast, levels):
    """Pinball losses, one column a level."""
    error = label[:, None] - forecast
    return np.maximum(levels * error, (levels - 1) * error)


def read(path):
    data = pd.read_csv(path)
    ending = next(e for e in (".csv.gz", ".csv") if path.endswith(e))
    oracle = pd.read_csv(path[: -len(ending)] + ".oracle" + ending)
    assert (oracle["row"] == np.arange(len(data))).all(), "the oracle is of another file"
    assert (oracle["label"] == data["label"]).all(), "the oracle is of another file"
    tiles = [name for name in oracle if name.endswith("_tile")]
    levels = np.array([float(name.removesuffix("_tile")) / 100 for name in tiles])
    columns = [name for name in data if name not in ("label", "split")]
    parts = {}
    for split in ("train", "validation", "test"):
        mask = (data["split"] == split).to_numpy()
        parts[split] = (
            data.loc[mask, columns].to_numpy(np.float64),
            data.loc[mask, "label"].to_numpy(np.float64),
            oracle.loc[mask, tiles].to_numpy(np.float64),
        )
    return parts, levels


def constant(parts, levels, threads):
    rows = len(parts["test"][1])
    return np.tile(np.quantile(parts["train"][1], levels), (rows, 1)), ""


def linear(parts, levels, threads):
    from statsmodels.regression.quantile_regression import QuantReg

    inputs, label, _ = parts["train"]
    mean, deviation = inputs.mean(0), inputs.std(0)

    def design(values):
        return np.column_stack([np.ones(len(values)), (values - mean) / deviation])

    model = QuantReg(label, design(inputs))
    test = design(parts["test"][0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [test @ model.fit(q=level, p_tol=1e-3, max_iter=200).params for level in levels]
    return np.column_stack(fits), ""


def lightgbm(parts, levels, threads):
    import lightgbm as lgb

    (inputs, label, _), (check, check_label, _) = parts["train"], parts["validation"]
    train = lgb.Dataset(inputs, label, free_raw_data=False)
    validation = lgb.Dataset(check, check_label, reference=train, free_raw_data=False)

    def fit(level, leaves, rate):
        settings = dict(
            objective="quantile", metric="quantile", alpha=level, num_leaves=leaves,
            learning_rate=rate, min_data_in_leaf=40, feature_fraction=0.8, bagging_fraction=0.8,
            bagging_freq=1, lambda_l2=1.0, num_threads=threads, seed=1, deterministic=True,
            force_col_wise=True, verbose=-1)
        return lgb.train(
            settings, train, 4000, [validation], valid_names=["validation"],
            callbacks=[lgb.early_stopping(50, verbose=False)])

    # Leaves and learning rate by the validation loss at the median.
    median = levels[np.argmin(np.abs(levels - 0.5))]
    losses = {
        (leaves, rate): fit(median, leaves, rate).best_score["validation"]["quantile"]
        for leaves in (8, 15, 31) for rate in (0.05, 0.1)
    }
    leaves, rate = min(losses, key=losses.get)
    test = parts["test"][0]
    fits = [fit(level, leaves, rate).predict(test, num_threads=threads) for level in levels]
    return np.sort(np.column_stack(fits), 1), f"{leaves} leaves, learning rate {rate}"


def catboost(parts, levels, threads):
    from catboost import CatBoostRegressor, Pool

    train, validation = (Pool(*parts[name][:2]) for name in ("train", "validation"))
    loss = "MultiQuantile:alpha=" + ",".join(f"{level:g}" for level in levels)

    def fit(depth, rate):
        model = CatBoostRegressor(
            loss_function=loss, iterations=5000, learning_rate=rate, depth=depth, random_seed=1,
            thread_count=threads, od_type="Iter", od_wait=50, verbose=0, allow_writing_files=False)
        return model.fit(train, eval_set=validation)

    def best(models):
        return min(models, key=lambda key: next(iter(
            models[key].get_best_score()["validation"].values())))

    # The depth by the validation loss, then whether lower rates are better.
    models = {(depth, 0.1): fit(depth, 0.1) for depth in (4, 6)}
    depth, _ = best(models)
    for rate in (0.05, 0.03):
        models[depth, rate] = fit(depth, rate)
    depth, rate = best(models)
    model = models[depth, rate]
    note = f"depth {depth}, learning rate {rate}, {model.tree_count_} trees"
    return np.sort(model.predict(parts["test"][0]), 1), note


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="the CSV file; its oracle lies beside it")
    parser.add_argument("--only", choices=FORECASTS, nargs="+", default=FORECASTS)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    parts, levels = read(arguments.data)
    _, label, truth = parts["test"]
    best = pinball(label, truth, levels).mean()
    share = (label[:, None] <= truth).mean(0)
    sampling = np.sqrt(levels * (1 - levels) / len(label))
    print("rows: " + ", ".join(f"{len(part[1])} {name}" for name, part in parts.items()))
    print(f"oracle: pinball {best:.5f}, calibration error {np.abs(share - levels).mean():.5f} "
          f"(sampling alone: about {sampling.mean() * np.sqrt(2 / np.pi):.5f}), "
          f"largest deviation {np.max(np.abs(share - levels) / sampling):.2f} standard errors")
    for name in arguments.only:
        start = time.perf_counter()
        forecast, note = globals()[name](parts, levels, arguments.threads)
        regret = pinball(label, forecast, levels).mean() / best - 1
        seconds = time.perf_counter() - start
        print(f"{name}: regret {100 * regret:.2f} %, {seconds:.0f} s{', ' if note else ''}{note}",
              flush=True)


if __name__ == "__main__":
    main()
