#!/usr/bin/env python3
"""Load for `tenor serve`, on this machine only: what the answers take, bounded in number and time.

    pip install websockets
    Benchmarks/serving.py --tenor .build/release/tenor --checkpoint run/model.safetensors \\
        --market market --seconds 60

Five connections subscribe to 32,000 quotes; beside them one-shot prices are asked for at a steady rate,
each on its own moment whatever the answers take. Then 32,000 points of the past in one message, and rows
over the Open Inference Protocol in binary batches of 100. Everything asked for is counted against what
came: of each subscription the refreshes and the time between them, of each one-shot its answer. Printed
is one JSON object; --seconds 3580 makes a soak, with the memory of each minute.
"""

import argparse
import asyncio
import csv
import datetime
import http.client
import json
import pathlib
import random
import signal
import subprocess
import tempfile
import time
import urllib.request

import websockets

PASSWORD = "correct horse battery"
REFRESH = 15
SIZES = [1_000, 10_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000,
         5_000_000]


def log_in(port, user):
    body = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x",
            "AuthParameters": {"USERNAME": user, "PASSWORD": PASSWORD}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", json.dumps(body).encode(),
        {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"})
    return json.load(urllib.request.urlopen(request))["AuthenticationResult"]["IdToken"]


def memory(process):
    """Resident megabytes."""
    with open(f"/proc/{process}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


async def receive(socket):
    message = json.loads(await socket.recv())
    return len(message.get("inference", [])), len(message.get("data", [])), message


class Subscriptions:
    """What came of each subscription of a connection, and when."""

    def __init__(self, items):
        self.items = items
        self.times = {(item["figi"], item["quantity"]): [] for item in items}
        self.lacking = set()
        self.strange = 0

    def take(self, message, now):
        for item in message.get("inference", []):
            times = self.times.get((item["figi"], item["quantity"]))
            if times is None:
                self.strange += 1
            else:
                times.append(now)
        for item in message.get("data", []):
            self.lacking.add((item["figi"], item["quantity"]))

    async def follow(self, port, token, stop):
        async with websockets.connect(
                f"ws://127.0.0.1:{port}", max_size=10 ** 8, ping_timeout=None) as socket:
            await socket.send(json.dumps({"token": token, "inference": self.items}))
            while not stop.is_set():
                try:
                    self.take(json.loads(await asyncio.wait_for(socket.recv(), 0.5)),
                              time.perf_counter())
                except asyncio.TimeoutError:
                    pass


def refreshes(subscribers, end):
    """Sums over all subscriptions. The first answer comes at once; a refresh then comes once in each
    interval, so one that comes after less than half of it came too early, and after more than one and a
    half of it too late: of a machine that keeps up there are none. Of any there are as many refreshes of
    one subscription as of another, but for one at either end."""
    counts = {"subscriptions": 0, "quotes": 0, "never_priced": 0, "early": 0, "late": 0,
              "strange": sum(each.strange for each in subscribers)}
    longest, fewest, most = 0, 10 ** 9, 0
    for each in subscribers:
        for key, times in each.times.items():
            counts["subscriptions"] += 1
            counts["quotes"] += len(times)
            if not times:
                counts["never_priced"] += key in each.lacking
                fewest = fewest if key in each.lacking else 0
                continue
            fewest, most = min(fewest, len(times)), max(most, len(times))
            gaps = [b - a for a, b in zip(times[1:], times[2:])]
            counts["early"] += sum(gap < REFRESH / 2 for gap in gaps)
            for gap in [*(b - a for a, b in zip(times, times[1:])), end - times[-1]]:
                counts["late"] += gap > 1.5 * REFRESH
                longest = max(longest, gap)
    return counts | {"longest_s": round(longest, 1), "answers_each": [fewest, most]}


async def one_shots(port, token, figis, rate, seconds):
    """Times of one-shot prices, asked for at a steady rate, in seconds, and the answers that nobody
    asked for."""
    times, waiting = [], {}
    surplus = 0
    generator = random.Random(1)
    async with websockets.connect(
            f"ws://127.0.0.1:{port}", max_size=10 ** 8, ping_timeout=None) as socket:
        await socket.send(json.dumps({"token": token}))
        await receive(socket)

        async def read(total):
            nonlocal surplus
            while len(times) < total:
                _, _, message = await receive(socket)
                item = (message.get("inference") or message.get("data"))[0]
                asked = waiting.pop((item["figi"], item["quantity"]), None)
                if asked is None:
                    surplus += 1
                else:
                    times.append(time.perf_counter() - asked)

        total = int(rate * seconds)
        reader = asyncio.create_task(read(total))
        start = time.perf_counter()
        for index in range(total):
            await asyncio.sleep(max(0, start + index / rate - time.perf_counter()))
            key = (generator.choice(figis), generator.randrange(1, 5_000_001))
            while key in waiting:
                key = (generator.choice(figis), generator.randrange(1, 5_000_001))
            waiting[key] = time.perf_counter()
            await socket.send(json.dumps({"inference": [{
                "rfq_label": "price", "figi": key[0], "quantity": key[1], "side": "bid",
                "ats_indicator": "N"}]}))
        try:
            await asyncio.wait_for(reader, 60)
        except asyncio.TimeoutError:
            pass
    return {"asked": total, "answered": len(times), "surplus": surplus,
            "p50_ms": round(1e3 * percentile(times, .5), 2),
            "p99_ms": round(1e3 * percentile(times, .99), 2),
            "longest_ms": round(1e3 * max(times), 1)}


async def sample(process, stop, samples):
    """The memory of each minute."""
    while not stop.is_set():
        samples.append(memory(process))
        try:
            await asyncio.wait_for(stop.wait(), 60)
        except asyncio.TimeoutError:
            pass


async def live(port, process, figis, options):
    # Tokens hold for an hour, and connections end with them: --seconds of at most 3,580.
    tokens = [log_in(port, user) for user in ["alice", "bob"]]
    items = [
        {"rfq_label": "price", "figi": figis[index % len(figis)],
         "quantity": SIZES[index // len(figis) % 10], "side": "bid", "ats_indicator": "N",
         "subscribe": True} for index in range(options.subscriptions)]
    stop, samples = asyncio.Event(), []
    share = (len(items) + 4) // 5
    subscribers = [Subscriptions(items[k * share:(k + 1) * share]) for k in range(5)]
    tasks = [asyncio.create_task(each.follow(port, tokens[0], stop)) for each in subscribers]
    await asyncio.sleep(8)
    tasks.append(asyncio.create_task(sample(process, stop, samples)))
    beside = await one_shots(port, tokens[1], figis, options.rate, options.seconds)
    samples.append(memory(process))
    stop.set()
    end = time.perf_counter()
    await asyncio.gather(*tasks)
    alone = await one_shots(port, log_in(port, "bob"), figis, options.rate, min(options.seconds, 20))
    return {"seconds": options.seconds, "refreshes": refreshes(subscribers, end),
            "one_shot_beside": beside, "one_shot_alone": alone, "memory_mb": samples}


async def past(port, token, figis, days, count):
    generator = random.Random(2)
    figi_count = min(len(figis), count)
    share, rest = divmod(count, figi_count)
    items = [
        {"rfq_label": "price", "figi": figi, "quantity": 1_000_000, "side": "offer",
         "timestamp": [
             f"{generator.choice(days)}T{generator.randrange(14, 21):02}:"
             f"{generator.randrange(60):02}:00Z" for _ in range(share + (index < rest))]}
        for index, figi in enumerate(figis[:figi_count])]
    async with websockets.connect(
            f"ws://127.0.0.1:{port}", max_size=10 ** 9, ping_timeout=None) as socket:
        await socket.send(json.dumps({"token": token, "inference": items}))
        start, came, messages = time.perf_counter(), 0, 0
        while came < count:
            quotes, lacking, message = await asyncio.wait_for(receive(socket), 300)
            if "error" in message:
                return {"error": message["error"]}
            came += quotes + lacking
            messages += 1
        return {"points": came, "messages": messages,
                "seconds": round(time.perf_counter() - start, 2)}


def infer(port, token, name, seconds=5):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    bearer = {"Authorization": f"Bearer {token}"}
    connection.request("GET", f"/v2/models/{name}", headers=bearer)
    features = json.load(connection.getresponse())["inputs"][0]["shape"][1]
    header = json.dumps({
        "parameters": {"binary_data_output": True}, "inputs": [{
            "name": "features", "datatype": "FP32", "shape": [100, features],
            "parameters": {"binary_data_size": 400 * features}}]}).encode()
    body = header + bytes(400 * features)
    rows, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        connection.request(
            "POST", f"/v2/models/{name}/infer", body,
            bearer | {"Inference-Header-Content-Length": str(len(header))})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        rows += 100
    return {"features": features, "rows_per_s": round(rows / (time.perf_counter() - start))}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenor", type=pathlib.Path, required=True)
    parser.add_argument("--market", type=pathlib.Path, required=True)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--states", type=pathlib.Path)
    parser.add_argument("--subscriptions", type=int, default=32_000)
    parser.add_argument("--points", type=int, default=32_000)
    parser.add_argument("--days", type=int, default=50, help="of the past, the last ones")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    bonds = [row["figi"] for row in csv.DictReader(open(options.market / "bonds.csv"))]
    bonds = [figi for figi in bonds if figi]
    days = sorted({
        datetime.datetime.fromtimestamp(
            int(row["time"]) / 1e9, datetime.timezone.utc).date().isoformat()
        for row in csv.DictReader(open(options.market / "treasuries.csv"))})
    with tempfile.TemporaryDirectory() as folder:
        users = pathlib.Path(folder) / "users.json"
        for user in ["alice", "bob"]:
            subprocess.run([options.tenor, "user", "add", user, "--users", users],
                           input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        arguments = [options.checkpoint] if options.checkpoint else []
        arguments += ["--states", options.states] if options.states else []
        started = time.perf_counter()
        server = subprocess.Popen(
            [options.tenor, "serve", *arguments, "--market", options.market, "--users", users,
             "--port", "0"], stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        result = {"start_s": round(time.perf_counter() - started, 1),
                  "start_memory_mb": memory(server.pid)}
        try:
            result["live"] = asyncio.run(live(port, server.pid, bonds, options))
            token = log_in(port, "alice")
            if options.points:
                result["past"] = asyncio.run(
                    past(port, token, bonds, days[1:][-options.days:], options.points))
            if options.checkpoint:
                name = options.checkpoint.resolve()
                name = name.parent.name if name.stem == "model" else name.stem
                result["infer"] = infer(port, token, name)
            result["end_memory_mb"] = memory(server.pid)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
    print(json.dumps(result, indent=1))


main()
