#!/usr/bin/env python3
"""Draws icon.png, the picture of the packages: an envelope on its way from left to right. Nothing but the standard library."""
import struct
import zlib

SIZE, SAMPLES = 128, 4
TEAL, WHITE, SHADE = (15, 110, 120), (255, 255, 255), (190, 226, 226)


def inside_rounded(x, y, left, top, right, bottom, radius):
    dx = max(left + radius - x, 0, x - (right - radius))
    dy = max(top + radius - y, 0, y - (bottom - radius))
    return left <= x <= right and top <= y <= bottom and dx * dx + dy * dy <= radius * radius


def color(x, y):
    """The color of a point; None for nothing."""
    if not inside_rounded(x, y, 0, 0, 128, 128, 24):
        return None
    for top, left in ((52, 16), (64, 10), (76, 16)):  # what it leaves behind
        if inside_rounded(x, y, left, top - 2.5, 34, top + 2.5, 2.5):
            return SHADE
    if not inside_rounded(x, y, 42, 38, 112, 90, 6):
        return TEAL
    fold = 42 + 26 * (1 - abs(x - 77) / 35)  # the flap
    return TEAL if abs(y - fold) < 2.5 else SHADE if y < fold else WHITE


def pixel(column, row):
    points = [color(column + (i + 0.5) / SAMPLES, row + (j + 0.5) / SAMPLES) for i in range(SAMPLES) for j in range(SAMPLES)]
    hit = [point for point in points if point]
    if not hit:
        return bytes(4)
    return bytes([sum(point[c] for point in hit) // len(hit) for c in range(3)] + [255 * len(hit) // len(points)])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
with open(__file__.removesuffix(".py") + ".png", "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
