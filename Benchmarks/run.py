#!/usr/bin/env python3
"""Times Tenor and, where they are installed, PyTorch and JAX, in turn in one run, and writes the
table of Benchmarks/README.md between its two markers.

  make bench                                      with the peers that `python3` has
  make bench PEERS=/path/to/venv/bin/python       with those of another Python

OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset, so that OpenBLAS picks its own kernels. The table
has ratios: the median over rounds of the pairs measured one after the other, because a shared
machine's speed drifts. `--only mlp512` limits it to some rows; `--seconds` and `--rounds` set how
long each measurement runs and how often.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TENOR = HERE.parent / ".build/release/tenor"
CASES = [
    # architecture, mode, threads
    ("mlp80", "train", 2),
    ("mlp512", "train", 2),
    ("lstm", "train", 2),
    ("mlp80", "infer", 2),
    ("mlp512", "latency", 1),
    ("lstm", "latency", 1),
    ("mlp80", "latency", 1),
]
JAX = {"mlp80", "mlp512"}


def environment(threads: int) -> dict:
    env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    env["OMP_NUM_THREADS"] = str(threads)
    return env


def measure(command: list, threads: int) -> dict | None:
    """The JSON object that a command prints last; None where it does not run."""
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  {pathlib.Path(command[0]).name}: {last}", file=sys.stderr)
        return None
    text = done.stdout
    return json.loads(text[text.index("{"):])


def commands(arch: str, mode: str, threads: int, seconds: float, python: str) -> dict:
    """Every contestant of one row of the table. JAX runs on all cores, so only with all threads."""
    flags = ["--arch", arch, "--mode", mode, "--seconds", str(seconds)]
    both = {
        "tenor": [str(TENOR), "bench", *flags, "--threads", str(threads)],
        "torch": [python, str(HERE / "peers/torch_bench.py"), *flags, "--threads", str(threads)],
    }
    if arch in JAX and threads > 1:
        both["jax"] = [python, str(HERE / "peers/jax_bench.py"), *flags]
    return both


def installed(python: str, module: str) -> bool:
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def speed(result: dict) -> float:
    """Steps a second, so that larger is better for every mode."""
    return 1e6 / result["p50_us"] if result["mode"] == "latency" else result["rows_per_s"]


def row(arch: str, mode: str, threads: int, rounds: list) -> str:
    ours = [r["tenor"] for r in rounds if r.get("tenor")]
    first = ours[0]
    middle = lambda key: statistics.median(r[key] for r in ours)
    time = f"{middle('p50_us'):.0f} us" if mode == "latency" else f"{middle('step_ms'):.1f} ms"
    ratios = []
    for peer in ("torch", "jax"):
        pairs = [speed(r["tenor"]) / speed(r[peer]) for r in rounds if r.get("tenor") and r.get(peer)]
        ratios.append(f"{statistics.median(pairs):.2f}" if pairs else "-")
    peers_memory = [r["torch"]["peak_rss_mb"] for r in rounds if r.get("torch")]
    memory = f"{middle('peak_rss_mb'):.0f}"
    if peers_memory:
        memory += f" / {statistics.median(peers_memory):.0f}"
    return (
        f"| {arch} {mode} | {first['batch']} | {threads} | {time} | {middle('step_over_gemm'):.2f} "
        f"| {ratios[0]} | {ratios[1]} | {memory} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--python", default="python3", help="the Python that has the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--only", nargs="*", help="architectures")
    options = parser.parse_args()
    peers = [name for name in ("torch", "jax") if installed(options.python, name)]
    print("peers: " + (", ".join(peers) or "none installed"), file=sys.stderr)

    lines, kernels = [], ""
    for arch, mode, threads in CASES:
        if options.only and arch not in options.only:
            continue
        rounds = []
        for index in range(options.rounds):
            found = {}
            for name, command in commands(arch, mode, threads, options.seconds, options.python).items():
                if name == "tenor" or name in peers:
                    found[name] = measure(command, threads)
            rounds.append(found)
            told = {name: round(speed(result), 1) for name, result in found.items() if result}
            print(f"{arch} {mode}, round {index + 1}: {told}", file=sys.stderr)
        if any(r.get("tenor") for r in rounds):
            ours = next(r["tenor"] for r in rounds if r.get("tenor"))
            kernels = f"{ours['kernels']} kernels ({ours['blas'].strip()})"
            lines.append(row(arch, mode, threads, rounds))

    head = [
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores; Tenor on {kernels}; "
        f"{', '.join(versions(options.python, peers)) or 'no peers'}.",
        "",
        "| step | batch | threads | Tenor, median | step / its matrix products | speed / PyTorch "
        "| speed / JAX | peak MB, Tenor / PyTorch |",
        "|---|---|---|---|---|---|---|---|",
    ]
    table = "\n".join(head + lines)
    print(table)
    if not options.only:
        write(table)


def versions(python: str, peers: list) -> list:
    code = "import sys, importlib; m = importlib.import_module(sys.argv[1]); print(m.__version__)"
    return [
        f"{peer} {subprocess.run([python, '-c', code, peer], capture_output=True, text=True).stdout.strip()}"
        for peer in peers
    ]


def processor() -> str:
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def write(table: str) -> None:
    path = HERE / "README.md"
    begin, end = "<!-- table: begin -->", "<!-- table: end -->"
    text = path.read_text()
    start, stop = text.index(begin) + len(begin), text.index(end)
    path.write_text(text[:start] + "\n" + table + "\n" + text[stop:])


if __name__ == "__main__":
    main()
