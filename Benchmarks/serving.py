#!/usr/bin/env python3
"""Load for `tenor serve`, on this machine only: what the answers take, bounded in number and time.

    pip install websockets
    Benchmarks/serving.py --tenor .build/release/tenor --checkpoint run/model.safetensors \\
        --market market --seconds 60

Five connections subscribe to 32,000 quotes; beside them one-shot prices are asked for at a steady rate,
each on its own moment whatever the answers take. Then 32,000 points of the past in one message, and rows
over the Open Inference Protocol in binary batches of 100. Everything asked for is counted against what
came. Printed is one JSON object.
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
SIZES = [1_000, 10_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000,
         5_000_000]


def log_in(port):
    body = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x",
            "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD}}
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


async def subscriber(port, token, items, stop, counts):
    """Subscribes and counts what comes, as the refreshes go."""
    async with websockets.connect(
            f"ws://127.0.0.1:{port}", max_size=10 ** 8, ping_timeout=None) as socket:
        await socket.send(json.dumps({"token": token, "inference": items}))
        while not stop.is_set():
            try:
                quotes, lacking, _ = await asyncio.wait_for(receive(socket), 0.5)
                counts["quotes"] += quotes
                counts["lacking"] += lacking
            except asyncio.TimeoutError:
                pass


async def one_shots(port, token, figis, rate, seconds):
    """Times of one-shot prices, asked for at a steady rate; in seconds."""
    times, waiting = [], {}
    generator = random.Random(1)
    async with websockets.connect(
            f"ws://127.0.0.1:{port}", max_size=10 ** 8, ping_timeout=None) as socket:
        await socket.send(json.dumps({"token": token}))
        await receive(socket)

        async def read(total):
            for _ in range(total):
                _, _, message = await receive(socket)
                item = (message.get("inference") or message.get("data"))[0]
                asked = waiting.pop((item["figi"], item["quantity"]))
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
        await asyncio.wait_for(reader, 60)
    return times


async def live(port, token, process, figis, options):
    items = [
        {"rfq_label": "price", "figi": figis[index % len(figis)],
         "quantity": SIZES[index // len(figis) % 10], "side": "bid", "ats_indicator": "N",
         "subscribe": True} for index in range(options.subscriptions)]
    stop, counts = asyncio.Event(), {"quotes": 0, "lacking": 0}
    share = (len(items) + 3) // 4
    tasks = [
        asyncio.create_task(subscriber(port, token, items[k * share:(k + 1) * share], stop, counts))
        for k in range(4)]
    await asyncio.sleep(8)
    before = memory(process)
    times = await one_shots(port, token, figis, options.rate, options.seconds)
    after = memory(process)
    stop.set()
    await asyncio.gather(*tasks)
    alone = await one_shots(port, token, figis, options.rate, min(options.seconds, 20))

    def summary(values):
        return {"p50_ms": round(1e3 * percentile(values, .5), 2),
                "p99_ms": round(1e3 * percentile(values, .99), 2), "answers": len(values)}
    return {
        "subscriptions": len(items), "quotes": counts["quotes"], "lacking": counts["lacking"],
        "seconds": options.seconds, "one_shot_beside": summary(times),
        "one_shot_alone": summary(alone), "memory_mb": [before, after]}


async def past(port, token, figis, days, count):
    generator = random.Random(2)
    figi_count = min(len(figis), count)
    per = count // figi_count
    items = [
        {"rfq_label": "price", "figi": figi, "quantity": 1_000_000, "side": "offer",
         "timestamp": [
             f"{generator.choice(days)}T{generator.randrange(14, 21):02}:"
             f"{generator.randrange(60):02}:00Z" for _ in range(per)]}
        for figi in figis[:figi_count]]
    async with websockets.connect(
            f"ws://127.0.0.1:{port}", max_size=10 ** 9, ping_timeout=None) as socket:
        await socket.send(json.dumps({"token": token, "inference": items}))
        start, came, messages = time.perf_counter(), 0, 0
        while came < per * figi_count:
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
        subprocess.run([options.tenor, "user", "add", "alice", "--users", users],
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
            token = log_in(port)
            result["live"] = asyncio.run(live(port, token, server.pid, bonds, options))
            if options.points:
                result["past"] = asyncio.run(past(port, token, bonds, days[1:], options.points))
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
