"""Makes quotes, a tape and bond funds for these tests, and quotes.json: what plain NumPy and pandas say
about the join of the quotes with the trades and about the funds' baskets, trade by trade and tick by
tick, without any of the shortcuts of a join.

Run after generate_trades.py, with Python, numpy, pandas and scipy; the versions used are written into
quotes.json.
"""

import csv
import json
import pathlib
import platform

import numpy
import pandas
import scipy
import scipy.optimize

folder = pathlib.Path(__file__).parent
rng = numpy.random.default_rng(20240401)
second = 1_000_000_000
start = pandas.Timestamp("2024-03-18 09:00", tz="America/New_York").value
bonds = [f"B{number:08d}" for number in range(24)]
figis = [f"BBG{number:09d}" for number in range(24)]
sizes = [100_000, 500_000, 1_000_000]

# Quotes of 18 bonds, by FIGI, both sides, not on an ATS (some also on one), every size at times of
# its own; some twice at one time; in no order.
quotes = []
for bond in range(18):
    for side in "BS":
        for venue in ["N", "Y"] if bond % 3 == 0 else ["N"]:
            for size in sizes[: 1 + bond % 3]:
                count = rng.integers(4, 9)
                for time in start + rng.integers(0, 12 * 3600, count) * second:
                    for _ in range(2 if rng.random() < 0.05 else 1):
                        median = 95 + bond / 2 + rng.normal() / 5 - (side == "B") / 4 - size / 1e7
                        half = 0.2 + rng.random() / 5
                        quotes.append(
                            [figis[bond], int(time), venue, side, "C", size,
                             *numpy.round([median - half, median, median + half], 4)])
quotes = [quotes[index] for index in rng.permutation(len(quotes))]
names = ["5_tile", "50_tile", "95_tile"]
frame = pandas.DataFrame(
    quotes, columns=["figi", "time", "ats", "buy_sell", "side", "quantity", *names])
with open(folder / "quotes.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["figi", "execution_date", "ats_indicator", "buy_sell", "side", "quantity", *names])
    writer.writerows(quotes)

# A tape: prints before, among and after the quotes, of all sides; pieces of one trade; withdrawn ones.
prints = []
for _ in range(500):
    bond = rng.integers(0, 24)
    kind = rng.integers(0, 5)
    time = start + rng.integers(-2 * 3600, 40 * 3600) * second
    row = [bonds[bond], figis[bond], int(time), int(time + 60 * second),
           int(time + 600 * second) if rng.random() < 0.05 else "", "Y" if rng.random() < 0.1 else "N",
           "B" if kind < 2 else "S", "D" if kind == 4 else "C",
           int(rng.choice([20_000, 100_000, 250_000, 500_000, 700_000, 1_000_000, 3_000_000]))]
    for piece in range(3 if rng.random() < 0.05 else 1):
        if piece:
            row = [*row[:8], int(rng.choice([50_000, 150_000]))]
        prints.append([*row, round(95 + bond / 2 + rng.normal() / 4, 4)])
with open(folder / "tape.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["cusip", "figi", "execution_date", "report_date", "withdrawn_date", "ats_indicator",
         "buy_sell", "side", "quantity", "price"])
    writer.writerows(prints)

tape = pandas.DataFrame(
    prints, columns=["cusip", "figi", "time", "report", "withdrawn", "ats", "buy_sell", "side",
                     "quantity", "price"])
# Quotes and trades are of a Monday to a Wednesday, so that all time is time of trading days.
day = 86_400 * second
inside = tape.time >= frame.time.min()
valid = tape[inside & (tape.withdrawn == "")]
keys = ["cusip", "figi", "time", "buy_sell", "side", "ats"]
pieces = valid.groupby(keys, sort=False).size()
trades = valid.groupby(keys, sort=False).apply(
    lambda part: pandas.Series({
        "quantity": part.quantity.sum(), "price": numpy.average(part.price, weights=part.quantity)}),
    include_groups=False).reset_index()

funnel = {name: 0 for name in [
    "other_bond", "other_side_or_venue", "not_yet_quoted", "too_old", "interpolated", "beyond_sizes"]}
errors, ages, tiles = [], [], []
for trade in trades.itertuples():
    of_bond = frame[frame.figi == trade.figi]
    own = of_bond[(of_bond.ats == trade.ats) & (of_bond.side == trade.side)
                  & (of_bond.buy_sell == trade.buy_sell)]
    before = own[own.time < trade.time]
    if of_bond.empty or own.empty or before.empty:
        funnel["other_bond" if of_bond.empty else
               "other_side_or_venue" if own.empty else "not_yet_quoted"] += 1
        continue
    last = {}
    for size, part in before.groupby("quantity"):
        latest = part[part.time == part.time.max()]
        if trade.time - latest.time.iloc[0] <= day:
            last[size] = (latest[names].mean().values, (trade.time - latest.time.iloc[0]) / second)
    if not last:
        funnel["too_old"] += 1
        continue
    known = sorted(last)
    forecast = [
        numpy.interp(trade.quantity, known, [last[size][0][level] for size in known])
        for level in range(3)]
    lower = [size for size in known if size <= trade.quantity]
    upper = [size for size in known if size > trade.quantity]
    if lower and upper and lower[-1] != trade.quantity:
        funnel["interpolated"] += 1
        age = max(last[lower[-1]][1], last[upper[0]][1])
    else:
        size = lower[-1] if lower else upper[0]
        funnel["beyond_sizes"] += size != trade.quantity
        age = last[size][1]
    tiles.append(forecast)
    ages.append(age)
    errors.append(abs(forecast[1] - trade.price))
errors, ages = numpy.array(errors), numpy.array(ages)

# Two funds that hold the bonds of trades_first.csv; prices every half hour.
forecasts = pandas.read_csv(folder / "trades_first.csv")
forecasts["number"] = forecasts.cusip.str[1:].astype(int)
forecasts = forecasts.sort_values("execution_date", kind="stable")
days = pandas.bdate_range("2024-02-26", "2024-03-22")
holdings, funds, ticks = [], [], []
members = {"LQD": range(0, 14), "HYG": range(10, 24)}
for place, date in enumerate(days):
    name = date.strftime("%Y-%m-%d")
    for fund, held in members.items():
        for bond in held:
            if (bond + place) % 9:
                holdings.append([name, fund, bonds[bond], int(1e6 * (1 + (bond * 7 + place) % 5))])
        funds.append([name, fund, 500_000, int(1e6 * (1 + place % 3)),
                      round(70 + rng.normal(), 4) if place % 4 else ""])
        for half_hour in range(19):
            moment = date + pandas.Timedelta(minutes=480 + 30 * half_hour)
            time = moment.tz_localize("America/New_York").tz_convert("UTC").value
            ticks.append([time, fund, round(70 + rng.normal(), 4)])
        # A second price within the same five minutes does not count.
        ticks.append([ticks[-8][0] + 60 * second, fund, round(70 + rng.normal(), 4)])
for name, header, rows in [
        ("holdings", ["date", "etf", "cusip", "par"], holdings),
        ("funds", ["date", "etf", "shares", "cash", "nav"], funds),
        ("markets", ["time", "symbol", "price"], sorted(ticks))]:
    with open(folder / "market" / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
held = pandas.DataFrame(holdings, columns=["date", "fund", "cusip", "par"])
known_funds = pandas.DataFrame(funds, columns=["date", "fund", "shares", "cash", "nav"])
prices = pandas.DataFrame(ticks, columns=["time", "fund", "price"]).sort_values("time")


def clean_price(bond, rate, settlement):
    """Street convention of the fixture's bonds: semiannual coupons of 3 + bond % 4 on the 15th of
    January and July to January of 2025 + bond, 30/360."""
    coupon, end = (3 + bond % 4) / 2, 2025 + bond
    dates = [(year, month) for year in range(settlement.year, end + 1) for month in (1, 7)]
    left = [d for d in dates if (d[0], d[1], 15) > (settlement.year, settlement.month, settlement.day)
            and d <= (end, 1)]
    year, month = left[0]
    days = (year - settlement.year) * 360 + (month - settlement.month) * 30 + 15 - min(settlement.day, 30)
    times = days / 180 + numpy.arange(len(left))
    flows = numpy.full(len(left), coupon)
    flows[-1] += 100
    return (flows / (1 + rate / 200) ** times).sum() - coupon * (1 - days / 180)


def at_mean_yield(own, last, date):
    """Prices of the bonds without a forecast at the mean yield of the others."""
    settlement = pandas.Timestamp(date) + 2 * pandas.offsets.BDay()
    priced = own[own.cusip.isin(last.index)]
    others = own[~own.cusip.isin(last.index)]
    if priced.empty:
        return None
    yields = [scipy.optimize.brentq(
        lambda rate: clean_price(int(cusip[1:]), rate, settlement) - last[cusip], -50, 100,
        xtol=1e-13) for cusip in priced.cusip]
    mean = numpy.average(yields, weights=priced.par)
    return {cusip: clean_price(int(cusip[1:]), mean, settlement) for cusip in others.cusip}


def worth(fund, time, date, own_date, first):
    """Dollars a share by the forecasts before a time and the holdings of a date, its coverage and the
    age of the forecasts; bonds without one are priced as of the first tick of the day."""
    own = held[(held.fund == fund) & (held.date == own_date)]
    row = known_funds[(known_funds.fund == fund) & (known_funds.date == own_date)]
    if own.empty or row.empty:
        return None
    known = forecasts[forecasts.execution_date < time].groupby("cusip")
    last = known["50_tile"].last()
    priced = own[own.cusip.isin(last.index)]
    others = own[~own.cusip.isin(last.index)]
    coverage = priced.par.sum() / own.par.sum()
    if coverage < 0.9:
        return None
    value = (priced.par * last[priced.cusip].values / 100).sum()
    early = forecasts[forecasts.execution_date < first].groupby("cusip")["50_tile"].last()
    assumed = at_mean_yield(own, early, date)
    if assumed is None:
        value /= coverage
    else:
        value += sum(par * assumed[cusip] / 100 for cusip, par in zip(others.cusip, others.par))
    seen = known["execution_date"].last()[priced.cusip].values
    age = numpy.average((time - seen) / 1e9, weights=priced.par)
    return (value + row.cash.iloc[0]) / row.shares.iloc[0], coverage, age


def summary(values):
    return [len(values), numpy.mean(values), numpy.quantile(numpy.abs(values), 0.95)]


checks = {}
for fund in members:
    ends, values, inside_day, coverages, fund_ages = [], [], [], [], []
    own = prices[prices.fund == fund]
    local = pandas.to_datetime(own.time, utc=True).dt.tz_convert("America/New_York")
    dates = local.dt.strftime("%Y-%m-%d").values
    minutes = (local.dt.hour * 60 + local.dt.minute).values
    known = sorted(held[held.fund == fund].date.unique())
    seen = set()
    for place, tick in enumerate(own.itertuples()):
        date = dates[place]
        interval = tick.time // (300 * second)
        if 570 <= minutes[place] <= 960 and interval not in seen:
            seen.add(interval)
            earlier = [d for d in known if d < date]
            first = own.time.values[dates == date][0]
            if earlier and (found := worth(fund, tick.time, date, earlier[-1], first)):
                inside_day.append(found[0] - tick.price)
                coverages.append(found[1])
                fund_ages.append(found[2])
        if place + 1 == len(own) or dates[place + 1] > date:
            if found := worth(fund, tick.time, date, date, tick.time):
                ends.append(found[0] - tick.price)
                coverages.append(found[1])
                fund_ages.append(found[2])
                nav = known_funds[(known_funds.fund == fund) & (known_funds.date == date)].nav.iloc[0]
                if nav != "":
                    values.append(nav - tick.price)
    checks[fund] = {"end_of_day": summary(ends), "net_asset_value": summary(values),
                    "intraday": summary(inside_day), "coverage": numpy.mean(coverages),
                    "age": numpy.mean(fund_ages)}

result = {
    "versions": {"python": platform.python_version(), "numpy": numpy.__version__,
                 "pandas": pandas.__version__, "scipy": scipy.__version__},
    "prints": len(tape), "before_quotes": int((~inside).sum()),
    "withdrawn": int((inside & (tape.withdrawn != "")).sum()),
    "pieces": int(pieces[pieces > 1].sum()), "piecewise_trades": int((pieces > 1).sum()),
    "trades": len(trades), "funnel": {name: int(count) for name, count in funnel.items()},
    "priced": len(errors), "deviance": list(numpy.quantile(errors, [0.5, 0.75, 0.8, 0.95])),
    "mean_width": numpy.mean([forecast[2] - forecast[0] for forecast in tiles]),
    "median_age": numpy.median(ages), "high_age": numpy.quantile(ages, 0.95),
    "young": [int((ages <= 300).sum()), *numpy.quantile(errors[ages <= 300], [0.5, 0.95])],
    "old": [int((ages >= 14_400).sum()), numpy.quantile(errors[ages >= 14_400], 0.5)],
    "funds": checks,
}
with open(folder / "quotes.json", "w") as file:
    json.dump(result, file, indent=1, default=float)
    file.write("\n")
