#!/usr/bin/env python3
"""Makes the parity fixture of FairValueTests, with formulas written down a second time.

    python3 Tests/FairValueTests/Fixtures/generate_parity.py

needs numpy and scipy (the versions used are in versions.json). It writes prints.csv beside itself:
prints of a few bonds in report order, with the market at their execution and what a filter with
the default constants makes of them. Bonds pay twice a year on a regular 30/360 grid; the yield is
found by bisection (scipy's brentq) on the sum over all payments.
"""

import csv
import datetime as dt
import json
import math
import pathlib
import platform
import zoneinfo

import numpy as np
import scipy
from scipy.optimize import brentq

HERE = pathlib.Path(__file__).parent
EASTERN = zoneinfo.ZoneInfo("America/New_York")
HOLIDAYS = {dt.date(2025, 2, 17), dt.date(2025, 4, 18)}
RNG = np.random.default_rng(20250307)


def is_open(day):
    return day.weekday() < 5 and day not in HOLIDAYS


def next_business_day(day):
    day += dt.timedelta(1)
    while not is_open(day):
        day += dt.timedelta(1)
    return day


def trading_days(time, first=dt.date(2025, 2, 3)):
    local = time.astimezone(EASTERN)
    days, day = 0.0, first
    while day < local.date():
        days += is_open(day)
        day += dt.timedelta(1)
    if is_open(day):
        clock = local.hour * 3600 + local.minute * 60 + local.second - 8 * 3600
        days += min(max(clock / 36000, 0), 1)
    return days


def days360(a, b):
    return (b[0] - a[0]) * 360 + (b[1] - a[1]) * 30 + min(b[2], 30) - min(a[2], 30)


def payments(coupon, maturity, settlement):
    """Times in half-years and amounts, and the accrued interest."""
    year, month, day = maturity
    dates = []
    while dt.date(year, month, day) > settlement:
        dates.append((year, month, day))
        month -= 6
        if month < 1:
            year, month = year - 1, month + 12
    dates.reverse()
    previous = (year, month, day)
    now = (settlement.year, settlement.month, settlement.day)
    accrued = coupon / 2 * days360(previous, now) / 180
    first = 1 - days360(previous, now) / 180
    times = first + np.arange(len(dates))
    amounts = np.full(len(dates), coupon / 2)
    amounts[-1] += 100
    return times, amounts, accrued


def dirty(flows, y):
    times, amounts, _ = flows
    return float(np.sum(amounts * (1 + y / 200) ** -times))


def dv01(flows, y):
    times, amounts, _ = flows
    return float(np.sum(amounts * times * (1 + y / 200) ** (-times - 1))) / 2 / 10000


def observe(state, o, noise, days, index, prior, high_yield):
    x, p, last, c = state
    late = last is not None and days < last
    if last is None:
        mean, var = prior, 0.05
    elif late:
        mean, var = x, p
        o = o + 0.7 * (c - index)
    else:
        mean = x + 0.7 * (index - c)
        var = p + 0.0006 * (0.7 if high_yield else 1) * (days - last) + 1e-6
    total = var + noise
    gain = var / total * (0.5 if late else 1)
    bound = 3 * math.sqrt(total)
    innovation = max(-bound, min(bound, o - mean))
    x = mean + gain * innovation
    p = (1 - gain) ** 2 * var + gain**2 * noise
    state = (x, p, last, c) if late else (x, p, days, index)
    return state, mean, var, innovation, gain, late


def main():
    bonds = [  # coupon, maturity, notch, spread
        (4.25, (2028, 6, 15), 6, 70.0),
        (5.5, (2034, 11, 1), 8, 120.0),
        (3.125, (2051, 2, 20), 4, 105.0),
        (8.75, (2030, 9, 28), 13, 420.0),
        (0.0, (2040, 5, 5), 9, 160.0),
        (6.0, (2027, 4, 10), 16, 900.0),
    ]
    start = dt.datetime(2025, 3, 5, 13, 0, tzinfo=dt.timezone.utc)
    states = [(None, None, None, None)] * len(bonds)
    rows = []
    minutes = 0.0
    for number in range(900):
        minutes += RNG.exponential(25)
        time = start + dt.timedelta(seconds=int(minutes * 60))
        local = time.astimezone(EASTERN)
        if not is_open(local.date()) or not 7 <= local.hour < 19:
            continue
        bond = int(RNG.integers(len(bonds)))
        coupon, maturity, notch, level = bonds[bond]
        # Some prints are reported late: executed before the last one of their bond.
        if RNG.random() < 0.12 and states[bond][2] is not None:
            time -= dt.timedelta(seconds=int(RNG.uniform(600, 30000)))
            if not is_open(time.astimezone(EASTERN).date()):
                continue
        local = time.astimezone(EASTERN)
        settlement = next_business_day(local.date())
        flows = payments(coupon, maturity, settlement)
        curve = 4.1 + 0.1 * math.sin(number / 20) + 0.02 * (maturity[0] - 2025)
        index = math.log(330 if notch >= 10 else 105) + 0.05 * math.sin(number / 15)
        side = int(RNG.integers(-1, 2))
        quantity = float(np.round(10 ** RNG.uniform(3.5, 7.3)))
        noise_bp = RNG.standard_t(3) * (2 + 0.02 * level)
        if number % 37 == 5:
            noise_bp *= 12
        if number % 41 == 7:
            noise_bp = -level - 150  # a spread below the least that is believed
        spread = level * math.exp(0.1 * math.sin(number / 30)) + noise_bp
        price = round(dirty(flows, curve + spread / 100) - flows[2], 4)
        y = brentq(lambda y: dirty(flows, y) - flows[2] - price, -4.9, 290, xtol=1e-13)
        duration = dv01(flows, y)
        s = max(3.0, 100 * (y - curve))
        z = math.log10(quantity / 1e6)
        small = max(0.0, -z)
        half = (0.012 + duration * (0.9 + 0.011 * s)) * (0.75 + 0.55 * small**1.3)
        raw = math.log(s)
        o = raw + max(-0.5, min(0.5, side * half / (duration * s)))
        deviation = (0.026 + duration * (1.15 + 0.0065 * s)) * (0.8 + 0.3 * small)
        noise = 1.6 * (deviation / (duration * s)) ** 2
        days = trading_days(time)
        prior = math.log(level) + 0.2
        states[bond], mean, var, innovation, gain, late = observe(
            states[bond], o, noise, days, index, prior, notch >= 10)
        x, p = states[bond][:2]
        anchor_yield = curve + math.exp(x) / 100
        rows.append([
            bond, coupon, "%d-%02d-%02d" % maturity, notch, int(time.timestamp()) * 10**9, price,
            side, quantity, curve, index, prior, days, 100 * (y - curve), duration, raw, o, noise,
            mean, var, innovation, gain, int(late), x, p, dirty(flows, anchor_yield) - flows[2],
            0.02 + 0.011 * dv01(flows, anchor_yield) * math.exp(x),
        ])
    header = (
        "bond,coupon,maturity,notch,time,price,side,quantity,curve,credit_index,prior,days,spread,"
        "dv01,log_spread,adjusted,noise_variance,predicted,predicted_variance,innovation,gain,late,"
        "state,state_variance,anchor_price,unit").split(",")
    with open(HERE / "prints.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    (HERE / "versions.json").write_text(json.dumps(
        {"numpy": np.__version__, "scipy": scipy.__version__,
         "python": platform.python_version()}) + "\n")
    print(len(rows), "prints,", sum(row[21] for row in rows), "late")


main()
