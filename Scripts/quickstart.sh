#!/bin/sh
# The main job on data with known quantiles: make it, train on it, score the part held out, judge
# the forecasts. Everything lies in quickstart/, which is made anew.
set -eu
cd "$(dirname "$0")/.."

tenor=.build/release/tenor
started=$(date +%s)

run() {
    echo
    echo "\$ tenor $*"
    "$tenor" "$@"
}

rm -rf quickstart
mkdir quickstart
run simulate --kind regression --rows 100000 --columns 50 --seed 1 --out quickstart/data.csv
run train tabular-small --data quickstart/data.csv --out quickstart/run
run score quickstart/run/model.safetensors --data quickstart/data.csv --split test \
    --out quickstart/forecasts.csv
run evaluate quickstart/forecasts.csv --oracle quickstart/data.oracle.csv --out quickstart/report

echo
echo "Done in $(($(date +%s) - started)) s. Report: $PWD/quickstart/report/report.html"
