#!/bin/sh
# Checks the Swift toolchain, then installs the system libraries that are missing. Silent when
# nothing is; whatever stops it is said in one line.
set -eu

needed_major=6 needed_minor=2
get_swift="get it from https://www.swift.org/install and put its bin folder on PATH"

stop() {
    echo "tenor: $1" >&2
    exit 1
}

command -v swift >/dev/null 2>&1 ||
    stop "Swift $needed_major.$needed_minor or newer is needed and there is no swift on PATH; $get_swift"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
[ -n "$version" ] ||
    stop "Swift $needed_major.$needed_minor or newer is needed and 'swift --version' names none; $get_swift"
major=${version%%.*} minor=${version#*.}
if [ "$major" -lt "$needed_major" ] ||
    { [ "$major" -eq "$needed_major" ] && [ "$minor" -lt "$needed_minor" ]; }; then
    stop "Swift $needed_major.$needed_minor or newer is needed and this is $version; $get_swift"
fi

# What is missing is judged by what the build will look for, so libraries installed another way count.
has_library() {
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1"
}
missing=""
command -v pkg-config >/dev/null 2>&1 || missing="pkg-config"
has_library openblas || missing="$missing libopenblas-dev"
has_library zlib || missing="$missing zlib1g-dev"
[ -e /usr/share/zoneinfo/America/New_York ] || missing="$missing tzdata"
[ -n "$missing" ] || exit 0

if [ "$(uname)" = Darwin ]; then
    # Homebrew keeps openblas out of pkg-config's path, where SwiftPM finds it by itself.
    [ -d "$(brew --prefix openblas 2>/dev/null)" ] && exit 0
    stop "OpenBLAS is missing: brew install openblas pkg-config"
fi

# pkg-config itself may have been what hid the libraries: name only what apt does not have.
if command -v dpkg-query >/dev/null 2>&1; then
    absent=""
    for package in $missing; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            absent="$absent $package"
    done
    missing=$absent
    [ -n "$missing" ] || exit 0
fi
missing=$(echo $missing)

command -v apt-get >/dev/null 2>&1 ||
    stop "missing here (Debian's names): $missing; install your system's OpenBLAS and zlib development packages, pkg-config and time-zone data"
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1; then
    as_root="sudo"
else
    stop "not root and no sudo; as root: apt-get install $missing"
fi

echo "Installing $missing" >&2
# A stale package list still often works, so a failing update does not end it.
$as_root apt-get update -qq >&2 || true
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >&2 ||
    stop "apt-get could not install: $missing"
