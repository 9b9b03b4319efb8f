#!/usr/bin/env python3
"""Opens the page of `tenor serve` in a real browser, uses it as a desk would, and takes four pictures.

    pip install websockets
    Scripts/browse_ui.py --tenor .build/release/tenor --picture ui.png

It needs Chromium. The market is simulated, and served by the fair value filter, unless --market and
--checkpoint name others. Checked are the log-in, the search, quantile bands for both sides at ten
sizes, trades, the three probabilities, that a print that is sent while the page is open shows and moves
the moment of the quotes, that the page fits a phone, and what it says when nothing is found and when the
server goes away. Pictures: light, dark, on a phone, without a server.
"""

import argparse
import asyncio
import base64
import csv
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

import websockets

PASSWORD = "correct horse battery"


class Page:
    """One tab, by the DevTools protocol."""

    def __init__(self, socket):
        self.socket, self.count, self.errors = socket, 0, []

    async def call(self, method, **parameters):
        self.count += 1
        await self.socket.send(json.dumps(
            {"id": self.count, "method": method, "params": parameters}))
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"]["text"])
            if message.get("id") == self.count:
                return message["result"]

    async def value(self, expression):
        result = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    async def until(self, expression, seconds=20):
        for _ in range(10 * seconds):
            if value := await self.value(expression):
                return value
            await asyncio.sleep(0.1)
        return None


def post(port, path, body, **headers):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))


def send_print(port, trade):
    """A trade of the same bond, a minute after the last one."""
    token = post(port, "/", {
        "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x",
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD}},
        **{"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    )["AuthenticationResult"]["IdToken"]
    post(port, "/v1/events", trade, Authorization=f"Bearer {token}")


async def use(port, bond, trade, devtools, picture, stop):
    passed = []

    def check(name, condition, detail=""):
        print(f"{'passed' if condition else 'FAILED'}  {name}" + (f": {detail}" if detail else ""))
        passed.append(bool(condition))

    targets = json.load(urllib.request.urlopen(f"http://127.0.0.1:{devtools}/json"))
    address = next(t for t in targets if t["type"] == "page")["webSocketDebuggerUrl"]
    async with websockets.connect(address, max_size=10 ** 8) as socket:
        page = Page(socket)
        await page.call("Runtime.enable")
        await page.call("Page.enable")
        await page.call("Emulation.setDeviceMetricsOverride", width=1200, height=1150,
                        deviceScaleFactor=1, mobile=False)
        await page.call("Page.navigate", url=f"http://127.0.0.1:{port}/ui")
        await page.until("document.readyState === 'complete'")
        await page.value(
            "user.value = 'alice'; password.value = 'wrong password'; login.requestSubmit(); 1")
        check("a wrong password is refused", await page.until("refused.textContent"))
        await page.value(f"password.value = '{PASSWORD}'; login.requestSubmit(); 1")
        check("log-in", await page.until("login.hidden"))
        await page.value(
            "search.value = 'nobody has this'; search.dispatchEvent(new Event('input')); 1")
        check("nothing found is said", await page.until("!none.hidden && found.hidden"))
        await page.value(
            f"search.value = '{bond['issuer']}'; search.dispatchEvent(new Event('input')); 1")
        check("search by issuer", await page.until(
            f"[...found.querySelectorAll('button')].some(b => b.textContent.includes('{bond['figi']}'))"))
        await page.value(
            f"[...found.querySelectorAll('button')].find(b => b.textContent.includes('{bond['figi']}')).click(); 1")
        check("quotes of both sides at ten sizes", await page.until("quotes.size === 20"))
        check("bands", await page.value("fan.querySelectorAll('polygon').length") == 4)
        legend = await page.value("dots.innerText")
        check("the circles of all three sides are explained",
              all(side in legend for side in ["bid", "offer", "between dealers"]), legend)
        check("trades", await page.value("document.querySelectorAll('#trades tbody tr').length") > 0)
        rows = await page.value(
            "[...document.querySelectorAll('#fits tbody tr')].map(r => r.innerText)")
        check("three probabilities", len(rows) == 3 and all("%" in row for row in rows), rows)
        shares = await page.value("""(() => { const t = quotes.get('offer1000000');
            return [fitNormal(t), fitJohnson(t), interpolated(t)].map(f => f((t[14] + t[15]) / 2)); })()""")
        check("a level at 77.5 % has about that chance",
              all(abs(p - .775) < .04 for p in shares), shares)
        before = await page.value("document.querySelector('#trades tbody tr').innerText")
        moment = await page.value("asof.textContent")
        check("quotes tell as of when they are", "UTC" in moment, moment)
        send_print(port, trade)
        check("a print shows at once", await page.until(
            f"document.querySelector('#trades tbody tr').innerText.includes('77,000')"), before)
        check("quotes come anew, of a later moment", await page.until(
            f"asof.textContent > {json.dumps(moment)}"), moment)
        for label in ["spread", "ytm", "price"]:
            await page.value(
                f"label.value = '{label}'; label.dispatchEvent(new Event('change')); 1")
            check(f"as {label}", await page.until("quotes.size === 20"))
        await page.value("document.activeElement.blur(); 1")

        async def take(name, scheme, width, height, scale):
            await page.call("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": scheme}])
            await page.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                            deviceScaleFactor=scale, mobile=scale > 1)
            await asyncio.sleep(0.3)
            wide = await page.value("document.documentElement.scrollWidth")
            check(f"nothing is wider than {width} pixels", wide <= width, wide)
            image = await page.call(
                "Page.captureScreenshot", format="png", captureBeyondViewport=scale > 1)
            picture.with_stem(picture.stem + name).write_bytes(base64.b64decode(image["data"]))

        await take("", "light", 1200, 1150, 1)
        await take("-dark", "dark", 1200, 1150, 1)
        await take("-phone", "light", 390, 844, 2)
        check("on a phone the yield is in sight", await page.value(
            "[...document.querySelectorAll('#trades tr > :last-child')]"
            ".every(c => c.getBoundingClientRect().right <= 390 && c.offsetWidth > 0)"))
        stop()
        check("a lost connection is said, and quotes fade", await page.until(
            "!lost.hidden && charts.classList.contains('stale')"))
        await take("-lost", "light", 1200, 1150, 1)
        check("no error in the page", not page.errors, page.errors)
    return passed


def rows(path):
    return list(csv.DictReader(open(path)))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenor", type=pathlib.Path, required=True)
    parser.add_argument("--picture", type=pathlib.Path, required=True)
    parser.add_argument("--market", type=pathlib.Path)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    options = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        market = options.market or work / "market"
        if not options.market:
            subprocess.run([options.tenor, "simulate", "--out", market, "--bonds", "120", "--days",
                            "15"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([options.tenor, "user", "add", "alice", "--users", work / "users.json"],
                       input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        trades = rows(market / "trades.csv")
        counts = {}
        for trade in trades:
            counts[trade["cusip"]] = counts.get(trade["cusip"], 0) + 1
        most = max(counts, key=counts.get)
        bond = next(row for row in rows(market / "bonds.csv") if row["cusip"] == most)
        last = [trade for trade in trades if trade["cusip"] == most][-1]
        # Later than all that the market has.
        ticks = rows(market / "treasuries.csv")
        time = max(int(trades[-1]["report_date"]), int(ticks[-1]["time"])) + 60_000_000_000
        trade = {
            "event": "trade", "trade_id": "sent", "cusip": most, "figi": bond["figi"],
            "execution_date": time, "report_date": time + 1_000_000_000, "buy_sell": "S",
            "side": "C", "quantity": 77_000, "price": float(last["price"])}
        arguments = [options.checkpoint] if options.checkpoint else []
        server = subprocess.Popen(
            [options.tenor, "serve", *arguments, "--market", market, "--users",
             work / "users.json", "--port", "0", "--refresh", "1"],
            stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        chromium = subprocess.Popen(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--remote-debugging-port=0", f"--user-data-dir={work}/profile", "about:blank"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        devtools = next(
            int(line.split("127.0.0.1:")[1].split("/")[0]) for line in chromium.stderr
            if "DevTools listening" in line)
        try:
            passed = asyncio.run(use(
                port, bond, trade, devtools, options.picture,
                stop=lambda: server.send_signal(signal.SIGINT)))
        finally:
            chromium.terminate()
            chromium.wait()
            if server.poll() is None:
                server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
    print(f"{sum(passed)} of {len(passed)} passed; {options.picture}")
    sys.exit(0 if all(passed) else 1)


main()
