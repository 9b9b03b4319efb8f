#!/usr/bin/env python3
"""Makes california.csv from scikit-learn's download: 20,640 rows, 8 features, the label, and the
split on which the published tables are computed (64/16/20, two draws of train_test_split).

  python3 -m pip install scikit-learn
  python3 Benchmarks/california.py california.csv
"""
import csv
import sys

import numpy as np
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split

NAMES = [
    "median_income", "house_age", "avg_rooms", "avg_bedrooms", "population", "avg_occupancy",
    "latitude", "longitude",
]


def main(path: str) -> None:
    data = fetch_california_housing()
    rows = np.arange(len(data.target))
    rest, test = train_test_split(rows, test_size=0.2, random_state=0)
    train, validation = train_test_split(rest, test_size=0.2, random_state=1)
    split = np.empty(len(rows), dtype=object)
    split[train], split[validation], split[test] = "train", "validation", "test"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NAMES + ["label", "split"])
        for row in rows:
            values = [f"{value:.9g}" for value in data.data[row]]
            writer.writerow(values + [f"{data.target[row]:.9g}", split[row]])
    print(f"{path}: {len(train)} train, {len(validation)} validation, {len(test)} test rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
