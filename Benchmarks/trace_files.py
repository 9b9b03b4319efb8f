#!/usr/bin/env python3
"""Writes TRACE files to time `tenor import` on: FINRA's enhanced layout, one file a day.

    python3 Benchmarks/trace_files.py --rows 10000000 --days 40 --out trace

A few bonds trade most. Every purchase between dealers repeats a sale, some trades are split into
pieces of one second, and cancels, corrections, reversals and shifted decimal points occur about as
often as in practice. The same arguments make the same files.
"""

import argparse
import datetime
import os
import random

HEADER = (
    "Record Count Num|Reference Number|Trade Status|TRACE Symbol|CUSIP|Bloomberg Identifier|"
    "Sub Product|When Issued Indicator|Remuneration|Quantity|Price|Yield Direction|Yield|"
    "As Of Indicator|Execution Date|Execution Time|Trade Report Date|Trade Report Time|"
    "Settlement Date|Trade Modifier 3|Trade Modifier 4|Buy/Sell Indicator|Buyer Commission|"
    "Buyer Capacity|Seller Commission|Seller Capacity|Reporting Party Type|"
    "Contra Party Indicator|Locked In Indicator|ATS Indicator|Special Price Indicator|"
    "Trading Market Indicator|Dissemination Flag|Prior Trade Report Date|"
    "Prior Reference Number|First Trade Control Date|First Trade Control Number"
)
SIZES = (5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 3_000_000)
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def bond(number):
    """The CUSIP, the symbol and the FIGI of a bond, as text between separators."""
    cusip = f"{number % 900 + 100:03d}{LETTERS[number // 900 % 20]}{number // 18000:02d}AA0"
    return f"B{number:05d}|{cusip}|BBG{number:09d}|CORP"


def clock(second):
    return f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"


def write_day(path, day, settlement, rows, bonds, prices, draw):
    """Writes a file of exactly `rows` records."""
    compact = f"{day:%Y%m%d}"
    settles = f"{settlement:%Y%m%d}"
    random_number = draw.random
    reference = 0
    written = 0
    recent = []

    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write(HEADER + "\n")

        def record(status, number, terms, reported, prior="|"):
            nonlocal written
            if written == rows:
                return
            written += 1
            which, quantity, price, second, side, contra = terms
            capacity = "0.00|P|0.00|" if side == "B" else "0.00||0.00|P"
            file.write(
                f"{written}|{number:07d}|{status}|{bonds[which]}|N||{quantity}.00|{price:.6f}||"
                f"{9 - price / 20:.6f}||{compact}|{clock(second)}|{compact}|{clock(reported)}|"
                f"{settles}|||{side}|{capacity}|D|{contra}|||N|S1|Y|{prior}||\n"
            )

        while written < rows:
            which = int(len(bonds) * random_number() ** 2)
            second = 28_800 + int(32_400 * (written + random_number()) / (rows + 1))
            prices[which] += draw.gauss(0, 0.05)
            price = round(min(max(prices[which], 20), 180) + draw.gauss(0, 0.2), 3)
            kind = random_number()
            side, contra = ("S", "D") if kind < 0.3 else ("B" if kind < 0.65 else "S", "C")
            quantity = SIZES[int(8 * random_number())]
            reported = second + int(300 * random_number())
            if random_number() < 0.0005:
                price *= 10
            terms = (which, quantity, price, second, side, contra)
            reference += 1
            record("T", reference, terms, reported)
            recent.append((reference, terms, reported))
            if contra == "D":
                reference += 1
                record("T", reference, (which, quantity, price, second, "B", "D"), reported + 20)
            elif random_number() < 0.05:
                reference += 1
                piece = (which, quantity, round(price + 0.01, 3), second, side, contra)
                record("T", reference, piece, reported + 1)
            event = random_number()
            if event < 0.0155:
                number, old, then = recent[int(len(recent) * random_number() ** 0.2)]
                later = min(max(second, then) + 600, 86_399)
                if event < 0.006:
                    record("X", number, old, later)
                elif event < 0.014:
                    record("C", number, old, later)
                    reference += 1
                    better = (*old[:2], round(old[2] + 0.1, 3), *old[3:])
                    record("R", reference, better, later, f"{compact}|{number:07d}")
                else:
                    reference += 1
                    record("Y", reference, old, later, f"{compact}|{number:07d}")
            if len(recent) > 5_000:
                del recent[:2_500]
        file.write(f"{compact} {clock(86_399)} {rows:010d}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--bonds", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True, help="a folder")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    draw = random.Random(options.seed)
    bonds = [bond(number) for number in range(options.bonds)]
    prices = [draw.gauss(97, 8) for _ in bonds]
    day = datetime.date(2024, 1, 2)
    for number in range(options.days):
        rows = options.rows * (number + 1) // options.days - options.rows * number // options.days
        name = f"enhanced-time-and-sales-cusip-{day}.txt"
        following = day + datetime.timedelta(days=3 if day.weekday() == 4 else 1)
        write_day(f"{options.out}/{name}", day, following, rows, bonds, prices, draw)
        day = following


if __name__ == "__main__":
    main()
