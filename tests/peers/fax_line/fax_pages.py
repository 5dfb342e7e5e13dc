"""Fax pages as files: drawn here, packed and unpacked by libtiff's own tiffcp, so that nothing of what is tested writes or reads
them. A page is its rows of bits, a set bit is black."""
import random
import struct
import subprocess
import tempfile
from pathlib import Path

WIDTH = 1728  # 215 mm at 204 dpi
ROW_BYTES = WIDTH // 8
BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5


def draw(seed, height=1100):
    """Something like lines of print: little to send, and no two pages alike."""
    rng = random.Random(seed)
    rows = []
    while len(rows) < height:
        rows += [bytes(ROW_BYTES)] * 22
        line, at = bytearray(ROW_BYTES), 20
        while at < ROW_BYTES - 24:
            width = rng.randrange(1, 6)
            line[at:at + width] = b"\xff" * width
            at += width + rng.randrange(1, 5)
        for _ in range(18):
            rows.append(bytes(line))
    return rows[:height]


def write(file, pages):
    """As the daemon's own pages are: 204 × 196 dpi, Group 4, a directory a page."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.tif"
        plain.write_bytes(plain_tiff(pages))
        subprocess.run(["tiffcp", "-c", "g4", "-r", "100000", plain, file], check=True, capture_output=True)


def plain_tiff(pages):
    out, link = bytearray(b"II*\0" + bytes(4)), 4
    for number, rows in enumerate(pages):
        bits = b"".join(rows)
        at = len(out)
        out += bits + bytes(len(bits) % 2)
        x, y = len(out), len(out) + 8
        out += struct.pack("<IIII", 204, 1, 196, 1)
        tags = [(254, LONG, 1, 2), (256, LONG, 1, WIDTH), (257, LONG, 1, len(rows)), (258, SHORT, 1, 1), (259, SHORT, 1, 1), (262, SHORT, 1, 0), (273, LONG, 1, at), (277, SHORT, 1, 1),
                (278, LONG, 1, len(rows)), (279, LONG, 1, len(bits)), (282, RATIONAL, 1, x), (283, RATIONAL, 1, y), (296, SHORT, 1, 2), (297, SHORT, 2, number | len(pages) << 16)]
        struct.pack_into("<I", out, link, len(out))
        out += struct.pack("<H", len(tags))
        for tag, kind, count, value in tags:
            out += struct.pack("<HHII", tag, kind, count, value)
        link = len(out)
        out += bytes(4)
    return bytes(out)


def read(file):
    """Its pages, whatever it is packed with."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.tif"
        subprocess.run(["tiffcp", "-c", "none", "-L", "-r", "100000", file, plain], check=True, capture_output=True)
        data = plain.read_bytes()
    pages, at = [], struct.unpack_from("<I", data, 4)[0]
    while at:
        count = struct.unpack_from("<H", data, at)[0]
        tags = {}
        for i in range(count):
            tag, kind, number, value = struct.unpack_from("<HHII", data, at + 2 + 12 * i)
            tags[tag] = value & 0xFFFF if kind == SHORT and number == 1 else value
        width_bytes = (tags[256] + 7) // 8
        bits = data[tags[273]:tags[273] + width_bytes * tags[257]]
        if tags[262] == 1:  # black is zero
            bits = bytes(byte ^ 0xFF for byte in bits)
        if tags.get(266, 1) == 2:  # the lowest bit first
            bits = bytes(int(f"{byte:08b}"[::-1], 2) for byte in bits)
        pages.append([bits[i:i + width_bytes] for i in range(0, len(bits), width_bytes)])
        at = struct.unpack_from("<I", data, at + 2 + 12 * count)[0]
    return pages
