#!/bin/sh
# The main job on a simulated market: make it, turn it into vectors, train on them, score the days
# left for test beside the classical prices, judge them all on the same trades. Everything lies in
# quickstart/, which is made anew.
set -eu
cd "$(dirname "$0")/.."

tenor=.build/release/tenor
started=$(date +%s)
# The last eight of the market's days are for test.
first_test_day=2025-02-26

run() {
    echo
    echo "\$ tenor $*"
    "$tenor" "$@"
}

rm -rf quickstart
mkdir quickstart
cd quickstart
tenor=../$tenor
run simulate --bonds 2000 --days 45 --out market
run features --market market --out store --min-quantity 150000
# Few steps on few days: the recipe itself is for markets of months.
run train bonds --data store --out run --set training.steps=250 --set training.warm_up=50 \
    --set validation.every=50 --set validation.warm_up_days=8 --set validation.days=4 \
    --set validation.test_days=8
run score run/model.safetensors --data store --split test --out tenor.csv
for method in last-trade evaluated kalman oracle; do
    run baseline $method --market market --from $first_test_day --min-quantity 150000 \
        --out $method.csv
done
run evaluate tenor.csv --market market --out report
run compare tenor.csv last-trade.csv evaluated.csv kalman.csv oracle.csv --market market \
    --out comparison

echo
echo "Done in $(($(date +%s) - started)) s, on a simulated market: no evidence about real ones."
echo "Report:      $PWD/report/report.html"
echo "Comparison:  $PWD/comparison/report.html"
echo "Picture:     $PWD/report/calibration.svg"
