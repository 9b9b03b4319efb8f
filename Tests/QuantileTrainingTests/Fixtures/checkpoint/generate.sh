#!/bin/sh
# Makes the checkpoint of the present format and what it forecasts, by tenor 0.1.0. Those of older
# formats stay as they are: a test loads them for ever.
set -e
cd "$(dirname "$0")"
tenor train tabular --data data.csv --out /tmp/fixture-run --set training.steps=60 \
    --set model.hidden='[8]' --set model.members=2 --set model.embedding=3 \
    --set validation.folds=2 --set levels='[0.05,0.25,0.5,0.75,0.95]' --set inputs.bins=16
cp /tmp/fixture-run/model.safetensors format-2.safetensors
tenor score format-2.safetensors --data data.csv --split test --out forecasts.csv
rm -r /tmp/fixture-run
