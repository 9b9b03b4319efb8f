#!/usr/bin/env python3
"""Fits a logistic regression with scikit-learn: half the squared length of the weights of columns
of equal deviation is the penalty, the intercept has none.

    python3 make_logistic.py        (the version that wrote it is in the fixture)
"""

import json
import pathlib

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression

draw = numpy.random.default_rng(7)
rows = draw.normal(size=(300, 3)) * [1, 5, 0.2] + [0, 3, -1]
rows[:, 2] = (rows[:, 2] > -0.8).astype(float)
rows = rows.round(4)
logit = -1.5 + 1.2 * rows[:, 0] - 0.3 * rows[:, 1] + 2 * rows[:, 2]
labels = (draw.random(300) < 1 / (1 + numpy.exp(-logit))).astype(int)
# In the second case the third column tells all: without a penalty there would be no solution.
cases = []
for target in (labels, rows[:, 2].astype(int)):
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    model = LogisticRegression(C=1.0, tol=1e-14, max_iter=1000, solver="newton-cholesky")
    model.fit((rows - mean) / deviation, target)
    weights = model.coef_[0] / deviation
    cases.append(
        {
            "labels": target.tolist(),
            "coefficients": weights.tolist(),
            "intercept": float(model.intercept_[0] - (weights * mean).sum()),
        }
    )
fixture = {"scikit-learn": sklearn.__version__, "rows": rows.ravel().tolist(), "cases": cases}
path = pathlib.Path(__file__).with_name("logistic.json")
path.write_text(json.dumps(fixture) + "\n")
