#!/usr/bin/env python3
"""What the bad-print classifier does for the Kalman filter's error, on a simulated market.

    python3 Benchmarks/bad_prints.py [--tenor .build/release/tenor] [--bonds 1000] [--days 45]

Simulates a market with TRACE's raw files and their injected errors, imports them twice, without and
with the classifier (fitted to the first tape), forecasts both tapes with `tenor baseline kalman`, and
compares the errors on the trades that both tapes hold and whose price the truth knows to be right.
The import's own price filters are off in both, so that the classifier alone is judged; the other
steps of the cleaning are on. Only the standard library is needed. All figures are of a simulated
market.
"""

import argparse
import csv
import json
import pathlib
import shutil
import subprocess
import tempfile

FILTERS = ["decimal_shift=false", "bounce_back=false"]
TABLES = ["bonds", "calls", "entities", "ratings", "treasuries", "markets"]


def run(*arguments):
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL)


def imported(tenor, market, folder, *more):
    folder.mkdir()
    for table in TABLES:
        source = market / f"{table}.csv"
        if source.exists():
            shutil.copy(source, folder)
    # The feed of each day, in order; the list of errors beside them is not one of them.
    traces = sorted(p for p in (market / "trace").iterdir() if p.suffix == ".txt")
    filters = [part for name in FILTERS for part in ("--set", name)]
    run(tenor, "import", "--trace", *traces, "--layout", "enhanced",
        "--bonds", market / "bonds.csv", *filters, *more, "--out", folder)


def errors(path):
    found = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            key = (row["cusip"], row["execution_date"], row["buy_sell"], row["side"],
                   row["ats_indicator"], float(row["quantity"]))
            found[key] = (float(row["price"]), abs(float(row["price"]) - float(row["50_tile"])))
    return found


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenor", default=".build/release/tenor")
    parser.add_argument("--bonds", type=int, default=1000)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tenor = pathlib.Path(options.tenor).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        market = scratch / "market"
        run(tenor, "simulate", "--bonds", options.bonds, "--days", options.days, "--seed",
            options.seed, "--trace", "enhanced", "--out", market)
        plain, cleaned = scratch / "plain", scratch / "cleaned"
        imported(tenor, market, plain)
        run(tenor, "import", "--fit-bad-prints", scratch / "classifier.json", "--out", plain)
        imported(tenor, market, cleaned, "--bad-prints", scratch / "classifier.json")
        tables = {}
        for name, folder in [("truth", market), ("without", plain), ("with", cleaned)]:
            out = scratch / f"{name}.csv"
            run(tenor, "baseline", "kalman", "--market", folder, "--min-quantity", 150000,
                "--out", out)
            tables[name] = errors(out)
    # The simulated tape itself says which prices are right.
    right = {
        key for key, (price, _) in tables["truth"].items()
        if all(key in tables[name] and abs(tables[name][key][0] - price) < 1e-6
               for name in ("without", "with"))
    }
    result = {"trades": len(right), "simulated_market": True}
    for name in ("without", "with", "truth"):
        values = [tables[name][key][1] for key in right]
        result[name] = {str(int(100 * q)): quantile(values, q) for q in (0.5, 0.75, 0.95)}
        result[name]["mean"] = sum(values) / len(values)
    print(json.dumps(result, indent=2))


main()
