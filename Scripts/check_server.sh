#!/bin/sh
# A server with a small network on a small market, and what other programs do to it: bad input, a
# browser, the vendor's clients. What is not installed is left out and named; nothing at all is a failure.
#     Scripts/check_server.sh PYTHON [EXAMPLES]
set -eu
cd "$(dirname "$0")/.."
python=$1
examples=${2:-}
tenor=$PWD/.build/release/tenor
scripts=$PWD/Scripts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0
left=""

leave() {
    left="$left
  $1"
}

has() { "$python" -c "import $1" 2>"$work/import.txt"; }

if ! has websockets; then
    echo "Nothing was checked: $python has no 'websockets' (pip install websockets)." >&2
    exit 1
fi

(
    cd "$work"
    "$tenor" simulate --bonds 150 --days 15 --out market
    "$tenor" features --market market --out store
    "$tenor" train bonds --data store --out run \
        --set "model={family: two-stage, hidden: [32, 16], head: [16]}" --set training.steps=150 \
        --set training.batch=128 --set training.warm_up=20 --set validation.every=50 \
        --set validation.warm_up_days=3 --set validation.days=2 --set validation.test_days=2
) >"$work/log.txt" 2>&1 || { cat "$work/log.txt" >&2; exit 1; }
market=$work/market
checkpoint=$work/run/model.safetensors

if command -v openssl >/dev/null; then
    echo "Bad input:"
    "$python" "$scripts/bad_input.py" --tenor "$tenor" --market "$market" --checkpoint "$checkpoint"
    ran=$((ran + 1))
else
    leave "bad input: no openssl"
fi
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
    echo "The page in a browser:"
    "$python" "$scripts/browse_ui.py" --tenor "$tenor" --picture "$work/ui.png" \
        --market "$market" --checkpoint "$checkpoint"
    ran=$((ran + 1))
else
    leave "the page: no chromium"
fi
if [ -z "$examples" ]; then
    leave "the vendor's clients: EXAMPLES names no folder with them"
elif ! has axor || ! has matplotlib; then
    leave "the vendor's clients: $python has no 'axor-api' or no 'matplotlib'"
else
    echo "The vendor's clients:"
    "$python" "$scripts/vendor_clients.py" --tenor "$tenor" --examples "$examples"
    ran=$((ran + 1))
fi
[ -z "$left" ] || echo "Left out:$left"
if [ "$ran" -eq 0 ]; then
    echo "Nothing was checked." >&2
    exit 1
fi
