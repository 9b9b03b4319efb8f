#!/bin/sh
# Makes the checkpoints of the present format and what they forecast, by tenor 0.1.0. Those of older
# formats stay as they are: a test loads them for ever. store/ is nine days of TestStore.
set -e
cd "$(dirname "$0")"
tenor train tabular --data data.csv --out /tmp/fixture-run --set training.steps=60 \
    --set model.hidden='[8]' --set model.members=2 --set model.embedding=3 \
    --set validation.folds=2 --set levels='[0.05,0.25,0.5,0.75,0.95]' --set inputs.bins=16
cp /tmp/fixture-run/model.safetensors format-2.safetensors
tenor score format-2.safetensors --data data.csv --split test --out forecasts.csv
rm -r /tmp/fixture-run

tenor train bonds --data store --out /tmp/fixture-run --set training.steps=300 \
    --set training.batch=64 --set training.learning_rate=0.01 --set validation.every=50 \
    --set validation.warm_up_days=1 --set validation.days=2 --set validation.test_days=1 \
    --set model='{family: two-stage, hidden: [16, 8], head: [8], input_gates: 0.3,
        encoder: {kind: attention, width: 4, heads: 2}}'
cp /tmp/fixture-run/model.safetensors format-2-two-stage.safetensors
tenor score format-2-two-stage.safetensors --data store --split test --out forecasts-two-stage.csv
rm -r /tmp/fixture-run
