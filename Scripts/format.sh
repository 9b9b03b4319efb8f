#!/bin/sh
# The one list of what swift-format looks at: checks it, or rewrites it with --in-place.
set -eu
cd "$(dirname "$0")/.."

sources="Sources Models Training Evaluation Tests Package.swift"
case "${1:-}" in
--in-place) swift format --in-place --recursive --parallel $sources ;;
*) swift format lint --strict --recursive --parallel $sources ;;
esac
