#!/usr/bin/env python3
"""Runs the vendor's public Python clients, unmodified, against `tenor serve`.

    git clone https://github.com/deepmarketmaking/api
    pip install axor-api matplotlib
    Scripts/vendor_clients.py --tenor .build/release/tenor --examples api/examples/python

Two environment variables send the clients to the local server; those that ask OpenFIGI have it
redirected in `httpx.post`, because its address is written into them. The market is simulated around the
moments that the examples ask for, and four of its bonds take the names that stand in them. Checked are
the answers: their number, nineteen ascending tiles, labels and identifiers.

Not run: subscribe_price_variations_and_trades.py, which needs Python 3.10 or older (it hands bare
coroutines to asyncio.wait). In subscribe_price_variations.py the constant SERVER is replaced.
"""

import argparse
import asyncio
import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

PASSWORD = "correct horse battery"
# CUSIP, FIGI and ISIN of the bonds in the examples.
NAMES = [
    ("594918BJ2", "BBG00B6G1NH3", "US594918BJ27"),
    ("594918AR5", "BBG003LZRTD5", "US594918AR51"),
]


def simulate(tenor, folder):
    """A market of November 2023 in which the most traded bonds have the examples' names."""
    subprocess.run(
        [tenor, "simulate", "--out", folder, "--bonds", "80", "--days", "20",
         "--start", "2023-10-16", "--seed", "7"], check=True, stdout=subprocess.DEVNULL)
    trades = list(csv.DictReader(open(folder / "trades.csv")))
    counts = {}
    for trade in trades:
        counts[trade["cusip"]] = counts.get(trade["cusip"], 0) + 1
    most = sorted(counts, key=counts.get, reverse=True)
    renamed = dict(zip(most, NAMES))
    bonds = list(csv.DictReader(open(folder / "bonds.csv")))
    changes = {}
    for bond in bonds:
        if bond["cusip"] in renamed:
            cusip, figi, isin = renamed[bond["cusip"]]
            changes |= {bond["cusip"]: cusip, bond["figi"]: figi, bond["isin"]: isin}
    pattern = re.compile("|".join(map(re.escape, changes)))
    for table in folder.glob("*.csv"):
        text = table.read_text()
        table.write_text(pattern.sub(lambda match: changes[match.group()], text))
    return [bond["isin"] for bond in csv.DictReader(open(folder / "bonds.csv")) if bond["isin"]]


class Server:
    def __init__(self, tenor, work, market):
        users = work / "users.json"
        subprocess.run(
            [tenor, "user", "add", "alice", "--users", users], input=PASSWORD + "\n", text=True,
            check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [tenor, "serve", "--market", market, "--users", users, "--port", "0",
             "--refresh", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def environment(port, folder):
    """The clients' environment; `folder` gets the redirection of OpenFIGI."""
    (folder / "sitecustomize.py").write_text(
        "try:\n"
        "    import httpx\n"
        "    post = httpx.post\n"
        "    def redirected(url, **options):\n"
        f"        return post(str(url).replace('https://api.openfigi.com', "
        f"'http://127.0.0.1:{port}'), **options)\n"
        "    httpx.post = redirected\n"
        "except ImportError:\n"
        "    pass\n")
    return os.environ | {
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://127.0.0.1:{port}",
        "DEEP_MM_SERVER": f"ws://127.0.0.1:{port}", "PYTHONPATH": str(folder),
        "PYTHONUNBUFFERED": "1", "MPLBACKEND": "Agg"}


def run(script, arguments, seconds, variables, cwd):
    """What a script prints until it ends, or for so long."""
    process = subprocess.Popen(
        [sys.executable, script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=variables, cwd=cwd)
    try:
        out, error = process.communicate(timeout=seconds)
        ended = process.returncode
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        out, error = process.communicate()
        ended = None
    return out, error, ended


def objects(text):
    """The JSON objects in what a script prints."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while (place := text.find("{", place)) >= 0:
        try:
            value, place = decoder.raw_decode(text, place)
            found.append(value)
        except ValueError:
            place += 1
    return found


def items(found, label):
    return [item for message in found for item in message.get("inference", []) if label in item]


def check(name, condition, detail=""):
    print(f"{'passed' if condition else 'FAILED'}  {name}" + (f": {detail}" if detail else ""))
    return bool(condition)


def ascending(tiles):
    return len(tiles) == 19 and all(a <= b for a, b in zip(tiles, tiles[1:]))


def examples(folder, port, variables, isins, work):
    account = ["us-west-2", "client", "alice", PASSWORD]
    passed = []

    out, error, ended = run("timestamp_simple.py", account, 60, variables, folder)
    found = items(objects(out), "spread")
    passed.append(check(
        "timestamp_simple.py", ended == 0 and len(found) == 1 and ascending(found[0]["spread"])
        and found[0]["date"] == "2023-11-01T15:10:07.661Z" and "tenor" in found[0],
        error.strip()[-200:]))

    out, error, ended = run("timestamp.py", account + ["key"], 60, variables, folder)
    found = objects(out)
    passed.append(check(
        "timestamp.py", ended == 0 and len(items(found, "spread")) == 4
        and len(items(found, "price")) == 2
        and all("cusip" in item for item in items(found, "price")), error.strip()[-200:]))

    for script in ["timestamp_normal.py", "timestamp_johnson_su.py"]:
        out, error, ended = run(script, account + ["key"], 120, variables, folder)
        passed.append(check(script, ended == 0 and len(out) > 200, error.strip()[-200:]))

    for script, more in [("subscribe_simple.py", []), ("subscribe.py", ["key"])]:
        out, error, ended = run(script, account + more, 12, variables, folder)
        found = items(objects(out), "spread")
        passed.append(check(
            script, ended is None and len(found) >= 3, f"{len(found)} spreads in 12 s"))

    out, error, ended = run("subscribe_unrecognized_figi.py", account, 12, variables, folder)
    passed.append(check(
        "subscribe_unrecognized_figi.py",
        ended is None and "unrecognized" in out and "inferences received" in out))

    changed = work / "subscribe_price_variations.py"
    source = (folder / "subscribe_price_variations.py").read_text()
    changed.write_text(source.replace("wss://molyneux.deepmm.com", f"ws://127.0.0.1:{port}"))
    (work / "isins.txt").write_text("\n".join(isins[:20]) + "\n")
    redirected = variables | {"PYTHONPATH": f"{variables['PYTHONPATH']}:{folder}"}
    out, error, ended = run(
        changed, account + ["key", str(work / "isins.txt")], 15, redirected, work)
    # It writes what it gets into a file where it runs.
    written = work / "responses.jsonl"
    found = items(objects(written.read_text() if written.exists() else ""), "price")
    passed.append(check(
        "subscribe_price_variations.py", ended is None and len(found) >= 80
        and all(ascending(item["price"]) and "isin" in item for item in found),
        f"{len(found)} prices"))
    return passed


def package(variables):
    """axor-api: a historical price, and nothing without a token."""
    import axor
    os.environ.update(variables)

    async def ask(token):
        socket = await axor.connect()
        await socket.send(json.dumps({**token, "inference": [{
            "rfq_label": "price", "figi": NAMES[1][1], "quantity": 1_000_000, "side": "offer",
            "timestamp": ["2023-11-02T15:10:07.661Z"], "subscribe": False}]}))
        answer = json.loads(await asyncio.wait_for(socket.recv(), 20))
        await socket.close()
        return answer

    token = axor.create_get_id_token("us-west-2", "client", "alice", PASSWORD)()
    price = asyncio.run(ask({"token": token}))["inference"][0]["price"]
    return [
        check("axor-api: a price", ascending(price), f"median {price[9]}"),
        check("axor-api: no token", asyncio.run(ask({})).get("message") == "forbidden"),
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenor", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        isins = simulate(options.tenor.resolve(), work / "market")
        server = Server(options.tenor.resolve(), work, work / "market")
        try:
            variables = environment(server.port, work)
            passed = examples(options.examples.resolve(), server.port, variables, isins, work)
            passed += package(variables)
        finally:
            passed_stop = check("the server stops cleanly", server.stop() == 0)
    print(f"{sum(passed)} of {len(passed)} passed")
    sys.exit(0 if all(passed) and passed_stop else 1)


main()
