#!/usr/bin/env python3
"""Makes the archives of these tests: deflated, in the zip64 form, and a year's zip of days' zips.

    python3 make_archives.py        (any Python 3; the archives hold the same two days of one bond)
"""

import io
import pathlib
import struct
import zipfile
import zlib

HERE = pathlib.Path(__file__).parent
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


def day(date):
    rows = [
        f"{number}|{number:07d}|T|ABC123|00101JAH9|BBG00GQ7JTK4|CORP|N||100000.00|99.{number:02d}0000|"
        f"|4.1||{date}|10{number:02d}00|{date}|10{number:02d}30||||B|0.00|P|0.00||D|C||||S1|Y||||"
        for number in range(1, 21)
    ]
    return "\n".join([HEADER, *rows, f"{date} 23:00:00 {len(rows):010d}", ""]).encode()


DAYS = {f"day-{date}.txt": day(date) for date in ("20250306", "20250307")}


def deflated(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 3, 8, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def zip64(files):
    """All sizes and offsets in zip64 fields, as archives beyond 4 GB have them."""
    full = 0xFFFFFFFF
    body = directory = b""
    for name, content in files.items():
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
        sizes = struct.pack("<QQ", len(content), len(packed))
        name = name.encode()
        common = struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 0, zlib.crc32(content), full, full, len(name), 20)
        extra = struct.pack("<HH", 1, 24) + sizes + struct.pack("<Q", len(body))
        directory += (
            b"PK\x01\x02" + struct.pack("<H", 45) + common[:-2]
            + struct.pack("<HHHHII", len(extra), 0, 0, 0, 0, full) + name + extra
        )
        body += b"PK\x03\x04" + common + name + struct.pack("<HH", 1, 16) + sizes + packed
    record = b"PK\x06\x06" + struct.pack(
        "<QHHIIQQQQ", 44, 45, 45, 0, 0, len(files), len(files), len(directory), len(body)
    )
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(body) + len(directory), 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, full, full, 0)
    return body + directory + record + locator + end


(HERE / "deflated.zip").write_bytes(deflated(DAYS))
(HERE / "zip64.zip").write_bytes(zip64(DAYS))
(HERE / "year.zip").write_bytes(
    deflated({name.replace(".txt", ".zip"): deflated({name: content}) for name, content in DAYS.items()})
)
for name in ("deflated", "zip64", "year"):
    assert zipfile.ZipFile(HERE / f"{name}.zip").testzip() is None
