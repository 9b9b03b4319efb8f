#!/usr/bin/env python3
"""Sends `tenor serve` what it should not get, one thing after another, and checks each answer.

    pip install websockets
    Scripts/bad_input.py --tenor .build/release/tenor

It needs openssl, which makes the keys and signs the tokens of an outside issuer, and the certificates of
an authority of its own; curl tries those. The market is simulated and served by the fair value filter,
unless --market and --checkpoint name others.
After each case a client who did nothing wrong asks for a price, on a connection that stays open all the
time and keeps getting its refreshes. The half-open connections take two minutes, which pass meanwhile.
"""

import argparse
import asyncio
import base64
import collections
import csv
import hmac
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import websockets

AUDIENCE = "desk"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """ES256 tokens (RFC 7518, section 3.4) by openssl."""

    def __init__(self, folder, name="issuer"):
        self.key = folder / f"{name}.pem"
        subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out",
                        self.key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout
        self.point = public[-64:]

    def keys(self):
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
                          "x": encoded(self.point[:32]), "y": encoded(self.point[32:])}]}

    def sign(self, text):
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], check=True,
                             input=text.encode(), capture_output=True).stdout
        numbers, place = [], 2
        for _ in range(2):
            length = der[place + 1]
            number = int.from_bytes(der[place + 2:place + 2 + length], "big")
            numbers.append(number.to_bytes(32, "big"))
            place += 2 + length
        return b"".join(numbers)

    def token(self, user, lasts=3000, algorithm="ES256", **claims):
        now = time.time()
        header = {"alg": algorithm, "typ": "JWT", "kid": "1"}
        body = {"sub": user, "aud": AUDIENCE, "iat": now, "exp": now + lasts, **claims}
        text = ".".join(encoded(json.dumps(part).encode()) for part in [header, body])
        signature = {
            "ES256": lambda: self.sign(text), "none": lambda: b"",
            "HS256": lambda: hmac.digest(json.dumps(self.keys()).encode(), text.encode(), "sha256"),
        }[algorithm]()
        return text + "." + encoded(signature)


class Authority:
    """An authority for certificates of localhost, by openssl."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = folder, name
        self.path, self.key = folder / f"{name}-root.pem", folder / f"{name}-root-key.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-days", "30", "-subj", f"/CN={name}", "-keyout", self.key, "-out",
                     self.path)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def certificate(self, name, first, last):
        """The files of a certificate and its key, valid from one day to another, counted from now."""
        paths = {end: self.folder / f"{name}.{end}" for end in ["pem", "key", "csr", "cnf"]}

        def moment(days):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86_400 * days - 60))

        database = self.folder / f"{name}.db"
        database.touch()
        paths["cnf"].write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={database}\nnew_certs_dir={self.folder}\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n"
            "[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-subj", "/CN=localhost", "-keyout", paths["key"], "-out",
                     paths["csr"])
        self.openssl("ca", "-batch", "-notext", "-config", paths["cnf"], "-cert", self.path,
                     "-keyfile", self.key, "-in", paths["csr"], "-out", paths["pem"],
                     "-startdate", moment(first), "-enddate", moment(last))
        return paths["pem"], paths["key"]


class Server:
    def __init__(self, tenor, folder, market=None, checkpoint=None):
        self.tenor, self.folder = tenor, folder
        self.issuer = Issuer(folder)
        (folder / "keys.json").write_text(json.dumps(self.issuer.keys()))
        if not market:
            market = folder / "market"
            subprocess.run([tenor, "simulate", "--bonds", "200", "--days", "5", "--out", market],
                           check=True, capture_output=True)
        self.market = market
        # The last tick.
        self.end = max(int(row["time"]) for name in ["treasuries", "markets"]
                       for row in csv.DictReader(open(market / f"{name}.csv")))
        # Bonds that have a price: those that trade most.
        self.trades = list(csv.DictReader(open(market / "trades.csv")))
        count = collections.Counter(row["figi"] for row in self.trades)
        self.figis = [figi for figi, _ in count.most_common(60)]
        self.arguments = [
            tenor, "serve", *([checkpoint] if checkpoint else []), "--market", market, "--jwks",
            folder / "keys.json", "--audience", AUDIENCE, "--port", "0", "--refresh", "2"]
        self.process = subprocess.Popen(
            self.arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def memory(self):
        """Resident megabytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024

    def metric(self, name):
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics").read().decode()
        return sum(float(line.split()[-1]) for line in page.splitlines()
                   if line.startswith(name) and not line.startswith("#"))

    def connect(self):
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}", max_size=10 ** 8, ping_timeout=None)

    def raw(self, *frames):
        """A WebSocket without a library, which answers nothing."""
        link = socket.create_connection(("127.0.0.1", self.port))
        key = encoded(os.urandom(15)) + "="
        link.sendall((f"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        assert b" 101 " in link.recv(4096)
        for opcode, data in frames:
            link.sendall(frame(opcode, data))
        return link


def frame(opcode, data, masks=True, announced=None):
    length = announced if announced is not None else len(data)
    head = bytes([0x80 | opcode])
    mask = 0x80 if masks else 0
    if length < 126:
        head += bytes([mask | length])
    elif length < 1 << 16:
        head += bytes([mask | 126]) + struct.pack(">H", length)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", length)
    return head + (bytes(4) if masks else b"") + data


def item(figi, quantity=1_000_000, label="price", **more):
    return {"rfq_label": label, "figi": figi, "quantity": quantity, "side": "bid", **more}


async def answer(link, message):
    await link.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(await asyncio.wait_for(link.recv(), 20))


async def ending(link):
    """The messages until the server ends the connection, and the code with which it does."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await asyncio.wait_for(link.recv(), 20)))
    except websockets.ConnectionClosed as closed:
        return messages, closed.rcvd.code if closed.rcvd else None
    except asyncio.TimeoutError:
        return messages, "still open"


def ended(link, seconds):
    """Whether the server ends a raw connection within so many seconds."""
    link.settimeout(seconds)
    try:
        while link.recv(1 << 16):
            pass
        return True
    except (ConnectionResetError, BrokenPipeError):
        return True
    except TimeoutError:
        return False


class Cases:
    def __init__(self, server):
        self.server, self.figis = server, server.figis
        self.token = lambda user, **more: server.issuer.token(user, **more)
        self.good = self.token("alice")

    def message(self, *items, token=None):
        return {"token": token or self.good, "inference": list(items)}

    async def refused(self, texts, names):
        """Each text is refused with an error that names what is wrong; the connection goes on."""
        async with self.server.connect() as link:
            await answer(link, {"token": self.good})
            for text, name in zip(texts, names):
                error = (await answer(link, text)).get("error", "")
                if name not in error:
                    return f"{str(text)[:80]}: {error!r} does not name {name!r}"
            last = await answer(link, self.message(item(self.figis[0])))
            return None if "inference" in last else f"the connection is dead: {last}"

    async def malformed_json(self):
        texts = ["{", "", "nonsense", '{"inference":[}', "[" * 100_000, '{"a":1}{"b":2}',
                 '{"token":"\\ud800"}', '{"token":1e999}']
        return await self.refused([*texts, '"text"'], ["not JSON"] * len(texts) + ["an object"])

    async def unknown_fields_and_labels(self):
        figi = self.figis[0]
        return await self.refused(
            [{"inferences": []}, self.message(item(figi, subscibe=True)),
             self.message(item(figi, label="gspread")), self.message(item(figi) | {"side": "buy"}),
             self.message(item(figi, ats_indicator="yes")),
             self.message(item(figi, subscribe=True, unsubscribe=True))],
            ["did you mean 'inference'", "did you mean 'subscribe'", "rfq_label", "side",
             "ats_indicator", "both subscribe and unsubscribe"])

    async def nothing_asked(self):
        return await self.refused(
            [{}, {"inference": []}, {"trade": []}], ["nothing is asked"] * 3)

    def post_events(self, *lines):
        """The status and the answer of `/v1/events`."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.port}/v1/events",
            "\n".join(json.dumps(line) for line in lines).encode(),
            {"Authorization": f"Bearer {self.good}"})
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    async def events(self):
        """What no market has is refused by line and field; what it does not have is passed over."""
        row = self.server.trades[-1]
        last = int(row["report_date"])
        other = next(each for each in self.server.trades if each["cusip"] != row["cusip"])
        trade = {"event": "trade", "trade_id": "sent", "cusip": row["cusip"], "figi": row["figi"],
                 "execution_date": last, "report_date": last + 10 ** 9, "buy_sell": "S",
                 "side": "C", "quantity": 10_000, "price": float(row["price"])}
        tick = {"event": "treasury", "time": last, "tenor": 10, "cusip": "T", "coupon": 4,
                "maturity": f"{time.gmtime(last // 10 ** 9).tm_year + 9}-11-15", "yield_mid": 4.2}
        series = {"event": "market", "time": last, "symbol": "LQD", "price": 108.5}
        wrong = [
            (trade | {"price": 1e300}, "price"), (trade | {"price": 0}, "price"),
            (trade | {"yield": 367}, "yield"), (trade | {"quantity": -1}, "quantity"),
            (trade | {"quantity": 1e15}, "quantity"), (trade | {"figi": other["figi"]}, "figi"),
            (trade | {"figi": "BBG000000000"}, "figi"), (trade | {"execution_date": 1}, "execution_date"),
            (trade | {"report_date": 4 * 10 ** 18}, "report_date"),
            (trade | {"cusip": other["cusip"], "figi": other["figi"], "trade_id": row["trade_id"]},
             "trade_id"),
            (tick | {"yield_mid": 367}, "yield_mid"), (tick | {"maturity": "2100-01-01"}, "maturity"),
            (series | {"price": 1e300}, "price"), (series | {"time": 0}, "time"),
            ({"event": "rating", "issuer": "x", "date": "2199-01-01", "agency": "SP", "rating": "A"},
             "date"),
            (tick | {"time": self.server.end + 10 ** 9, "yield_mid": 24.9}, "yield_mid"),
            (series | {"time": self.server.end + 10 ** 9, "price": 0.5}, "price"),
            ({"event": "withdrawn", "trade_id": "sent", "cusip": row["cusip"],
              "withdrawn_date": last + 2 * 10 ** 9, "price": 1}, "price")]
        for line, name in wrong:
            status, answered = self.post_events(trade, line)
            if status != 400 or not answered["error"].startswith(f"line 2.{name}: expected"):
                return f"{line}: {status} {answered}"
        strange = [
            trade | {"cusip": "unknown", "figi": ""}, series | {"symbol": "NOBODY"},
            trade | {"event": "withdrawn", "trade_id": "nobody's", "withdrawn_date": last + 10 ** 9},
            trade | {"trade_id": row["trade_id"]}]
        for line in strange:
            status, answered = self.post_events(line)
            if status != 200 or answered["accepted"] or answered["passed_over"][0]["line"] != 1:
                return f"{line}: {status} {answered}"
        taken = [self.post_events(trade)[1]["accepted"] for _ in range(2)]
        if taken != [1, 0]:
            return f"the same trade twice: {taken}"
        cancel = {"event": "withdrawn", "trade_id": "sent", "cusip": row["cusip"],
                  "withdrawn_date": last + 2 * 10 ** 9}
        taken = [self.post_events(cancel)[1]["accepted"] for _ in range(2)]
        return None if taken == [1, 0] else f"the same cancel twice: {taken}"

    async def quantities(self):
        wrong = [0, -1, 5_000_001, 1.5, "1000", None, 1e300, True]
        return await self.refused(
            [self.message(item(self.figis[0]), item(self.figis[0], each)) for each in wrong],
            ["inference[1].quantity"] * len(wrong))

    async def unknown_figis(self):
        async with self.server.connect() as link:
            first = await answer(link, self.message(
                item("BBG000000000"), item(self.figis[0]), item("x", 5), item("BBG000000000", 7)))
            second = json.loads(await asyncio.wait_for(link.recv(), 20))
        if first.get("unrecognized_figis") != ["BBG000000000", "x"]:
            return str(first)
        valid = [each["figi"] for each in second.get("inference", [])]
        return None if valid == [self.figis[0]] else str(second)

    async def times(self):
        async with self.server.connect() as link:
            for moment in ["2019-01-02T00:00:00.000Z", "2099-01-02T00:00:00.000Z",
                           "1950-01-02T00:00:00.000Z", "1500-01-02T00:00:00Z",
                           "9999-12-31T23:59:59Z"]:
                first = await answer(
                    link, self.message(item(self.figis[0], timestamp=[moment, moment])))
                if first.get("message") != "insufficient data" or len(first["data"]) != 2:
                    return f"{moment}: {first}"
                if any(each["date"] != moment for each in first["data"]):
                    return f"{moment}: {first}"
            # Between the last event and now: as of the last event, beside one that has no answer.
            await link.send(json.dumps(self.message(item(
                self.figis[0], timestamp=["9999-12-31T23:59:59Z", time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))]))))
            kinds = {key for _ in range(2)
                     for key in json.loads(await asyncio.wait_for(link.recv(), 20))}
            if "inference" not in kinds or "data" not in kinds:
                return f"a moment of today beside one of the year 9999: {kinds}"
        return await self.refused(
            [self.message(item(self.figis[0], timestamp=each)) for each in
             [["yesterday"], ["2024-13-01T00:00:00Z"], [], "2024-01-01T00:00:00Z", [5]]],
            ["timestamp"] * 5)

    async def too_many_subscriptions(self):
        token = self.token("carol")
        items = [item(self.figis[k % 60], 1 + k // 60, subscribe=True) for k in range(32_001)]
        async with self.server.connect() as link:
            first = await answer(link, self.message(*items, token=token))
            if "32000" not in first.get("error", ""):
                return f"32,001 in a message: {str(first)[:200]}"
            await link.send(json.dumps(self.message(*items[:-1], token=token)))
            count = 0
            while count < 32_000:
                answered = json.loads(await asyncio.wait_for(link.recv(), 30))
                count += len(answered.get("inference", [])) + len(answered.get("data", []))
            await link.send(json.dumps(self.message(items[-1], token=token)))
            while "error" not in (last := json.loads(await asyncio.wait_for(link.recv(), 30))):
                pass
            if "32001" not in last["error"]:
                return str(last)
            await link.send(json.dumps({"inference": [
                {key: value for key, value in each.items() if key != "subscribe"}
                | {"unsubscribe": True} for each in items[:-1]]}))
        return None

    async def sixth_connection(self):
        token = self.token("dave")
        links = [await self.server.connect() for _ in range(6)]
        try:
            for link in links[:5]:
                if (await answer(link, {"token": token})).get("message") != "token accepted":
                    return "one of five was refused"
            await links[5].send(json.dumps({"token": token}))
            messages, code = await ending(links[5])
            if messages[0].get("message") != "forbidden" or code != 1008:
                return f"{messages} {code}"
            for link in links[:5]:
                if "inference" not in await answer(link, self.message(item(self.figis[1]), token=token)):
                    return "one of the five was harmed"
        finally:
            for link in links:
                await link.close()

    async def two_tokens(self):
        older, newer = self.token("erin"), self.token("erin", nonce=1)
        async with self.server.connect() as first, self.server.connect() as second:
            await answer(first, {"token": older})
            accepted = await answer(second, {"token": newer})
            messages, code = await ending(first)
        if accepted.get("message") != "token accepted":
            return str(accepted)
        told = messages and messages[0].get("message") == "deactivated"
        return None if told and code == 1008 else f"{messages} {code}"

    async def wrong_tokens(self):
        other = Issuer(pathlib.Path(self.server.issuer.key).parent, "other")
        valid = self.good.split(".")
        body = json.loads(base64.urlsafe_b64decode(valid[1] + "=="))
        forged = encoded(json.dumps(body | {"sub": "root"}).encode())
        tokens = {
            "expired": self.token("alice", lasts=-60), "another's key": other.token("alice"),
            "alg none": self.token("alice", algorithm="none"),
            "public key as secret": self.token("alice", algorithm="HS256"),
            "changed claims": f"{valid[0]}.{forged}.{valid[2]}",
            "no signature": f"{valid[0]}.{valid[1]}.", "another audience": self.token("alice", aud="x"),
            "no text": "", "not a token": "a.b.c", "of the future": self.token("alice", nbf=4e9),
            "endless": "a" * 100_000}
        for name, token in tokens.items():
            async with self.server.connect() as link:
                await link.send(json.dumps(self.message(item(self.figis[0]), token=token or "")
                                           | {"token": token}))
                messages, code = await ending(link)
            if [each.get("message") for each in messages] != ["forbidden"] or code != 1008:
                return f"{name}: {messages} {code}"
        async with self.server.connect() as link:
            await link.send(json.dumps({"inference": [item(self.figis[0])]}))
            messages, code = await ending(link)
            if messages[0].get("reason") != "no token" or code != 1008:
                return f"none at all: {messages} {code}"

    async def token_that_expires(self):
        async with self.server.connect() as link:
            await answer(link, self.message(
                item(self.figis[0], subscribe=True), token=self.token("frank", lasts=3)))
            messages, code = await ending(link)
        last = messages[-1]
        return None if "expired" in last.get("reason", "") and code == 1008 else f"{last} {code}"

    async def large_frames(self):
        before = self.server.memory()
        link = self.server.raw((1, json.dumps({"token": self.good}).encode()))
        link.recv(4096)
        # All 200 MB are announced and sent, as far as the server takes them.
        try:
            link.sendall(frame(1, b"", announced=200 << 20))
            for _ in range(200):
                link.sendall(b" " * (1 << 20))
        except (ConnectionResetError, BrokenPipeError):
            pass
        if not ended(link, 10):
            return "the connection stays"
        fragments = self.server.raw()
        try:
            # 32 kB each, none of which is the last.
            for index in range(2_000):
                fragments.sendall(
                    bytes([0 if index else 1]) + b"\xfe\x7f\xff" + bytes(4) + b" " * 0x7fff)
        except (ConnectionResetError, BrokenPipeError):
            pass
        if not ended(fragments, 10):
            return "the connection of many fragments stays"
        grown = self.server.memory() - before
        return None if grown < 100 else f"the memory has grown by {grown} MB"

    async def wrong_frames(self):
        """Frames that the protocol does not have end their connection, most with a code."""
        for name, data, code in [
                ("binary", frame(2, b"{}"), 1003), ("unknown opcode", frame(3, b"{}"), 1003),
                ("without a mask", frame(1, b"{}", masks=False), 1002),
                ("a ping of 200 bytes", frame(9, bytes(200)), 1002)]:
            link = self.server.raw((1, json.dumps({"token": self.good}).encode()))
            link.recv(4096)
            link.sendall(data)
            link.settimeout(10)
            came = b""
            try:
                while more := link.recv(4096):
                    came += more
            except ConnectionResetError:
                pass
            except TimeoutError:
                return f"{name}: the connection stays"
            finally:
                link.close()
            found = struct.unpack(">H", came[2:4])[0] if came[:1] == b"\x88" else None
            if found != code:
                return f"{name}: {came[:40]}"

    async def slow_reader(self):
        """Asks and asks and never reads: what waits is bounded, then it is over."""
        count = self.server.metric("tenor_websocket_slow_readers_total")
        most = before = self.server.memory()
        link = self.server.raw((1, json.dumps({"token": self.token("grace")}).encode()))
        request = frame(1, json.dumps({"inference": [
            item(self.figis[k % 60], 1 + k) for k in range(4_000)]}).encode())

        def ask():
            try:
                for _ in range(200):
                    link.sendall(request)
            except OSError:
                pass

        asking = asyncio.create_task(asyncio.to_thread(ask))
        end = time.time() + 60
        is_over = False
        while not is_over and time.time() < end:
            await asyncio.sleep(0.1)
            most = max(most, self.server.memory())
            is_over = self.server.metric("tenor_websocket_slow_readers_total") > count
        link.close()
        await asking
        if not is_over:
            return f"it is still served, with {most - before} MB"
        return None if most - before < 300 else f"it took {most - before} MB"

    async def vanishing_client(self):
        before = self.server.metric("tenor_subscriptions")
        link = self.server.raw((1, json.dumps({
            "token": self.token("heidi"),
            "inference": [item(figi, subscribe=True) for figi in self.figis]}).encode()))
        link.recv(4096)
        during = self.server.metric("tenor_subscriptions")
        # No close frame, no FIN: a reset.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
        for _ in range(100):
            if self.server.metric("tenor_subscriptions") == before:
                return None if during == before + 60 else f"{during} subscriptions"
            await asyncio.sleep(0.1)
        return "its subscriptions stay"

    async def port_in_use(self):
        """Told before a market is looked for."""
        arguments = ["nowhere" if each == self.server.market else each
                     for each in self.server.arguments]
        arguments[arguments.index("--port") + 1] = str(self.server.port)
        run = await asyncio.to_thread(
            subprocess.run, arguments, capture_output=True, text=True, timeout=20)
        told = run.returncode == 74 and "cannot listen: Address already in use" in run.stderr
        return None if told else f"{run.returncode} {run.stderr[-300:]}"

    async def followed_folder(self):
        """A row of the future, a price that no bond has and a tick of 24.9 % are left out, and a trade
        behind them is taken in; a past that was corrected is told."""
        folder = self.server.folder / "followed"
        shutil.copytree(self.server.market, folder)
        process = subprocess.Popen(
            [folder if each == self.server.market else each for each in self.server.arguments]
            + ["--follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            port = int((await asyncio.to_thread(process.stdout.readline)).rsplit(":", 1)[1])
            text = (folder / "trades.csv").read_text()
            header, *rows = text.splitlines()
            columns = header.split(",")
            row = dict(zip(columns, next(
                each for each in reversed(rows)
                if each.split(",")[5] == "" and each.split(",")[13] == "Y").split(",")))
            end = self.server.end

            def line(name, time, **more):
                return ",".join(
                    {**row, "trade_id": name, "execution_date": str(time),
                     "report_date": str(time), "replaces": "", **more}[key] for key in columns)

            def replace(name, text):
                (folder / "new").write_text(text)
                (folder / "new").rename(folder / name)

            async def until(words):
                told = ""
                while words not in told:
                    told += await asyncio.wait_for(
                        asyncio.to_thread(process.stderr.readline), 30)
                return told

            ticks = (folder / "treasuries.csv").read_text().rstrip().splitlines()
            _, *rest, _ = ticks[-1].split(",")
            replace("trades.csv", text + "\n".join([
                line("future", 19 * 10 ** 17), line("dear", end + 10 ** 9, price="100000"),
                line("good", end + 2 * 10 ** 9)]) + "\n")
            replace("treasuries.csv", "\n".join(
                [*ticks, ",".join([str(end + 10 ** 9), *rest, "24.9"])]) + "\n")
            told = await until("3 rows are left out")
            if "yield_mid: expected" not in told:
                return told
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/trades?count=3&bond={row['cusip']}",
                headers={"Authorization": f"Bearer {self.good}"})
            prices = [each["execution_date"] for each in json.load(
                urllib.request.urlopen(request))["trade"]]
            wanted = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end // 10 ** 9 + 2))
            if not prices[0].startswith(wanted):
                return f"the trade behind the others is not taken in: {prices}"
            replace("trades.csv", "\n".join([header, *rows[:100], *rows[101:]]) + "\n")
            await until("are served as they were")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)

    async def tls(self):
        """Prices over TLS for those who trust the authority, a sentence where files do not fit."""
        folder = self.server.folder
        authority = Authority(folder)
        good, key = authority.certificate("good", 0, 30)
        expired = authority.certificate("expired", -30, -1)
        _, other = authority.certificate("other", 0, 30)
        stranger = Authority(folder, "stranger")
        for certificate, its_key, status, words in [
                (*expired, 65, "the certificate has expired"),
                (good, other, 65, "not the private key of the certificate"),
                (good, folder / "keys.json", 65, "not a private key"),
                (folder / "keys.json", key, 65, "not a certificate"),
                (folder / "nowhere.pem", key, 66, "nowhere.pem")]:
            run = await asyncio.to_thread(
                subprocess.run,
                [*self.server.arguments, "--tls-certificate", certificate, "--tls-key", its_key],
                capture_output=True, text=True, timeout=60)
            if run.returncode != status or words not in run.stderr:
                return f"{words}: {run.returncode} {run.stderr[-300:]}"
        process = subprocess.Popen(
            [*self.server.arguments, "--tls-certificate", good, "--tls-key", key],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = await asyncio.to_thread(process.stdout.readline)
            if "https://" not in line:
                return line
            port = line.rsplit(":", 1)[1].strip()
            for trusted, wanted in [(authority, 0), (stranger, 60)]:
                run = await asyncio.to_thread(
                    subprocess.run,
                    ["curl", "--silent", "--cacert", trusted.path, f"https://localhost:{port}/readyz"],
                    capture_output=True, text=True)
                if run.returncode != wanted or (wanted == 0) != ("true" in run.stdout):
                    return f"curl ended with {run.returncode}: {run.stdout}"
                context = ssl.create_default_context(cafile=trusted.path)
                try:
                    async with websockets.connect(f"wss://localhost:{port}", ssl=context) as link:
                        found = await answer(link, self.message(item(self.figis[0])))
                        if wanted or "inference" not in found:
                            return f"over TLS: {found}"
                except ssl.SSLCertVerificationError as error:
                    if not wanted:
                        return f"over TLS: {error}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)

    async def half_open(self):
        """Clients that say nothing, half a request, or a WebSocket that answers no ping."""
        silent = socket.create_connection(("127.0.0.1", self.server.port))
        half = socket.create_connection(("127.0.0.1", self.server.port))
        half.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUpgr")
        dead = self.server.raw((1, json.dumps({"token": self.token("ivan")}).encode()))
        nobody = self.server.raw()
        found = await asyncio.gather(*[
            asyncio.to_thread(ended, link, 150) for link in [silent, half, dead, nobody]])
        names = ["silent", "half a request", "no pong", "no token"]
        open_still = [name for name, is_over in zip(names, found) if not is_over]
        return f"still open: {open_still}" if open_still else None


async def run(server):
    cases = Cases(server)
    passed = []

    def check(name, problem):
        print(f"{'FAILED' if problem else 'passed'}  {name}" + (f": {problem}" if problem else ""),
              flush=True)
        passed.append(not problem)

    refreshed = 0
    waiting = {}

    async with server.connect() as witness:
        async def listen():
            nonlocal refreshed
            async for text in witness:
                for each in json.loads(text).get("inference", []):
                    if each["quantity"] in waiting:
                        waiting.pop(each["quantity"]).set_result(True)
                    else:
                        refreshed += 1

        await witness.send(json.dumps({
            "token": server.issuer.token("witness"),
            "inference": [item(figi, subscribe=True) for figi in server.figis]}))
        listener = asyncio.create_task(listen())
        half_open = asyncio.create_task(cases.half_open())
        names = ["malformed_json", "unknown_fields_and_labels", "nothing_asked", "quantities",
                 "unknown_figis", "times", "events", "port_in_use", "followed_folder", *(["tls"] if shutil.which("curl") else []), "too_many_subscriptions", "sixth_connection", "two_tokens",
                 "wrong_tokens", "token_that_expires", "large_frames", "wrong_frames",
                 "slow_reader", "vanishing_client"]
        for index, name in enumerate([*names, "half_open"]):
            try:
                problem = await (half_open if name == "half_open" else getattr(cases, name)())
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if not problem:
                # The witness is priced within two seconds.
                waiting[2 + index] = asyncio.get_running_loop().create_future()
                future = waiting[2 + index]
                await witness.send(json.dumps({"inference": [item(server.figis[0], 2 + index)]}))
                try:
                    await asyncio.wait_for(future, 2)
                except asyncio.TimeoutError:
                    problem = "another client had no answer within 2 s"
            check(name.replace("_", " "), problem)
        check("the witness kept getting refreshes", None if refreshed > 60 else f"{refreshed}")
        listener.cancel()
    print(f"memory {server.memory()} MB")
    return passed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenor", type=pathlib.Path, required=True)
    parser.add_argument("--market", type=pathlib.Path)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    options = parser.parse_args()
    if not shutil.which("curl"):
        print("left out: TLS, since curl is not installed")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options.tenor.resolve(), pathlib.Path(folder), options.market,
                        options.checkpoint)
        try:
            passed = asyncio.run(run(server))
        finally:
            server.process.send_signal(signal.SIGINT)
            status = server.process.wait(timeout=60)
    passed.append(status == 0)
    print(f"{'passed' if status == 0 else 'FAILED'}  the server stops cleanly")
    print(f"{sum(passed)} of {len(passed)} passed")
    sys.exit(0 if all(passed) else 1)


main()
