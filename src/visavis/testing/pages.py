"""Drawn pages for tests: an invoice, as it is on a screen and as it is held to a camera. Needs Pillow."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from visavis.see.base import Image

INVOICE = (
    ("Oat flour, 25 kg", "4", "$31.20", "$124.80"),
    ("Rye flour, 25 kg", "2", "$28.75", "$57.50"),
    ("Sea salt, 10 kg", "1", "$9.90", "$9.90"),
)
TOTAL = "$228.76"
PAPER = (250, 249, 245)


def invoice(width: int = 900, height: int = 1160) -> Image:
    """A page with a total of `TOTAL`, letters some 24 pixels high."""
    page = Pictures.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(page)

    def write(x: int, y: int, text: str, size: int = 26) -> None:
        draw.text((x, y), text, fill=(25, 25, 30), font=ImageFont.load_default(size=size))

    write(70, 60, "Harbour Mill Ltd", 44)
    write(70, 130, "Invoice number 2026-0417")
    write(70, 170, "Date: 14 November 2026")
    write(70, 240, "Bill to: Corner Bakery, 8 Quay Street")
    columns = (70, 470, 580, 740)
    for x, head in zip(columns, ("Item", "Qty", "Price", "Amount"), strict=True):
        write(x, 340, head)
    draw.line((70, 382, width - 70, 382), fill=(120, 120, 120), width=2)
    for row, cells in enumerate(INVOICE):
        for x, cell in zip(columns, cells, strict=True):
            write(x, 410 + 56 * row, cell)
    draw.line((70, 600, width - 70, 600), fill=(120, 120, 120), width=2)
    for row, (label, amount) in enumerate((("Subtotal", "$192.20"), ("VAT 19 %", "$36.56"), ("Total due", TOTAL))):
        write(470, 630 + 56 * row, label)
        write(740, 630 + 56 * row, amount)
    write(70, 860, "Please pay within 14 days. Thank you for your order.")
    return np.asarray(page, np.uint8)


def on_screen(page: Image, width: int = 1280, height: int = 720) -> Image:
    """The upper part of the page in a dark viewer."""
    screen = np.full((height, width, 3), 52, np.uint8)
    part = page[:height, : width - 80]
    left = (width - part.shape[1]) // 2
    screen[40 : 40 + part.shape[0] - 40, left : left + part.shape[1]] = part[: height - 40]
    return screen


def held_up(page: Image, width: int = 1280, height: int = 720, *, tilt_deg: float = 6.0, lean: float = 0.06) -> Image:
    """The page in front of a room: turned by `tilt_deg`, its upper edge farther away by `lean`, and sensor noise."""
    rows = np.linspace(60, 120, height)[:, None]
    room = rows + 25 * np.sin(np.linspace(0, 9, width))[None, :]
    scene = Pictures.fromarray(np.clip(np.stack([room, room * 0.9, room * 0.8], axis=2), 0, 255).astype(np.uint8))
    tall = 0.88 * height
    wide = tall * page.shape[1] / page.shape[0]
    around = np.array([[-wide / 2 * (1 - lean), -tall / 2], [wide / 2 * (1 - lean), -tall / 2]])
    around = np.concatenate([around, [[wide / 2, tall / 2], [-wide / 2, tall / 2]]])
    c, s = math.cos(math.radians(tilt_deg)), math.sin(math.radians(tilt_deg))
    corners = around @ np.array([[c, s], [-s, c]]) * 0.9 + np.array([width / 2, height / 2])
    back = _coefficients(corners, page.shape[1], page.shape[0])
    size = (width, height)
    flat = Pictures.fromarray(page)
    laid = flat.transform(size, Pictures.Transform.PERSPECTIVE, back, Pictures.Resampling.BICUBIC)
    mask = Pictures.new("L", (page.shape[1], page.shape[0]), 255)
    scene.paste(laid, (0, 0), mask.transform(size, Pictures.Transform.PERSPECTIVE, back))
    noise = np.random.default_rng(7).normal(0, 3, (height, width, 1))
    return np.clip(np.asarray(scene, np.float32) * 0.94 + noise, 0, 255).astype(np.uint8)


def _coefficients(corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]], width: int, height: int) -> list[float]:
    """Pillow's eight numbers, which take the scene's corners to the page's."""
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(values, float))]
