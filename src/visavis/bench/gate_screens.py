"""Shared screens for `visavis bench gate`: slides, an editor, a chat, windows, a video in a corner, a quiet desk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visavis.bench.gate_draw import (
    Colour,
    Stream,
    canvas,
    ellipse,
    line_px,
    paste,
    rectangle,
    words,
    write,
)
from visavis.bench.gate_takes import BEGINNING, Label, Take, frame_of, moments, pointed, wander
from visavis.see.base import Image

WIDTH, HEIGHT = 1280, 720
SCREEN = Stream(WIDTH, HEIGHT, 4, 900_000)
INK: Colour = (30, 32, 36)


def _slide(draw: np.random.Generator, bullets: int) -> list[Image]:
    """A slide, bullet by bullet; the last one is the whole slide."""
    tint = int(draw.integers(225, 255))
    image = canvas(WIDTH, HEIGHT, (tint, tint, 255) if draw.random() < 0.5 else (255, tint, tint))
    rectangle(image, 0, 0, WIDTH, 14, (40, 70, int(draw.integers(90, 200))))
    write(image, 70, 60, words(draw, 3).title(), INK, 8)
    if draw.random() < 0.6:
        for bar in range(5):
            tall = draw.uniform(40, 300)
            rectangle(image, 820 + 75 * bar, 600 - tall, 50, tall, (60, 110, 190))
    states = []
    for index in range(bullets):
        write(image, 90, 170 + 70 * index, f"- {words(draw, 4)}", INK, 5)
        states.append(image.copy())
    return states


def slides(seed: int, kind: str = "slides", count: int = 9, seconds: float = 180.0) -> Take:
    """Slides that fade into one another, and single lines that appear on them."""
    draw = np.random.default_rng(seed)
    states: list[Image] = [_slide(draw, 3)[0]]
    labels, fades = [], []
    pending: list[Image] = []
    for at_s in moments(draw, count, seconds):
        if pending and draw.random() < 0.5:
            states.append(pending.pop(0))
            labels.append(Label(at_s, "line", f"slide {len(states)}"))
            fades.append(0.0)
        else:
            pending = _slide(draw, int(draw.integers(3, 6)))
            states.append(pending.pop(0))
            labels.append(Label(at_s, "slide", f"slide {len(states)}"))
            fades.append(float(draw.choice([0.0, 0.4])))
    pointer = wander(draw, WIDTH, HEIGHT)

    def picture(at_s: float) -> Image:
        index = sum(label.at_s <= at_s for label in labels)
        image = states[index].copy()
        if index < len(labels) and at_s > labels[index].at_s - fades[index]:
            part = 1 - (labels[index].at_s - at_s) / fades[index]
            image = (image * (1 - part) + states[index + 1] * part).astype(np.uint8)
        return pointed(image, pointer(at_s))

    return Take(kind, "screen", seconds, SCREEN, labels, picture)


def editor(seed: int, seconds: float = 180.0) -> Take:
    """Code being typed in bursts, with a blinking caret and a clock of minutes; one burst is a single word."""
    draw = np.random.default_rng(seed)
    lines = [f"{' ' * 4 * int(draw.integers(0, 3))}{words(draw, int(draw.integers(2, 7)))}" for _ in range(18)]
    bursts: list[tuple[float, float, str]] = []
    for index, end_s in enumerate(moments(draw, 8, seconds, 12.0)):
        text = words(draw, 1 if index % 4 == 3 else int(draw.integers(3, 7)))
        bursts.append((round(end_s - len(text) / 6.5, 3), end_s, text))
    labels = [Label(end_s, "typed", f"{index + 1} lines typed") for index, (_, end_s, _) in enumerate(bursts)]
    blank = canvas(WIDTH, HEIGHT, (30, 31, 38))
    rectangle(blank, 0, 0, 190, HEIGHT, (38, 40, 48))
    for row in range(14):
        write(blank, 16, 50 + 26 * row, words(draw, 1) + ".py", (150, 152, 160), 3)
    for row, line in enumerate(lines):
        write(blank, 200, 40 + 22 * row, f"{row + 1:3}  {line}", (200, 200, 190) if row % 3 else (130, 170, 220), 3)
    pointer = wander(draw, WIDTH, HEIGHT)

    def picture(at_s: float) -> Image:
        image, row, x = blank.copy(), len(lines), 200.0
        for begin_s, end_s, text in bursts:
            if at_s >= begin_s:
                shown = text if at_s >= end_s else text[: int((at_s - begin_s) * 6.5)]
                x = 200 + write(image, 200, 40 + 22 * row, f"{row + 1:3}  {shown}", (200, 200, 190), 3)
                row += at_s >= end_s
        if int(at_s * 2) % 2:
            rectangle(image, x, 38 + 22 * (row - (x > 200 and row > len(lines))), 2, 18, (230, 230, 230))
        write(image, 1190, 694, f"10:{41 + int(at_s // 60):02}", (190, 190, 200), 3)
        return pointed(image, pointer(at_s))

    return Take("editor", "screen", seconds, SCREEN, labels, picture)


def scrolling(seed: int, seconds: float = 180.0) -> Take:
    """A chat that new messages push up, and that is scrolled through now and then."""
    draw = np.random.default_rng(seed)
    tall = canvas(760, 3600, (250, 250, 252))
    ends, y = [], 20
    while y < 3500:
        count, mine = int(draw.integers(1, 4)), draw.random() < 0.4
        rectangle(tall, 300 if mine else 20, y, 440, 24 * count + 16, (215, 232, 255) if mine else (236, 236, 240))
        for row in range(count):
            write(tall, 312 if mine else 32, y + 8 + 24 * row, words(draw, 5)[:44], INK, 3)
        y += 24 * count + 34
        ends.append(y)
    first = next(index for index, end in enumerate(ends) if end >= 660)
    steps: list[tuple[float, float, float]] = []
    labels, at = [], first
    for when_s in moments(draw, 8, seconds):
        takes_s = float(draw.choice([0.0, 0.3, 1.2]))
        more = 4 if takes_s > 1 else 1
        steps.append((when_s - takes_s, takes_s, float(ends[at + more] - ends[at])))
        at += more
        labels.append(Label(when_s, "scrolled" if takes_s > 1 else "message", f"up to message {at}"))
    around = canvas(WIDTH, HEIGHT, (60, 64, 82))
    for row in range(9):
        write(around, 30, 70 + 60 * row, words(draw, 2), (220, 220, 230), 3)
    pointer = wander(draw, WIDTH, HEIGHT)

    def picture(at_s: float) -> Image:
        offset = float(ends[first]) - 660
        for begin_s, takes_s, by in steps:
            offset += by * (min(1.0, (at_s - begin_s) / takes_s) if takes_s and at_s > begin_s else at_s >= begin_s)
        image = around.copy()
        image[40:700, 300:1060] = tall[round(offset) : round(offset) + 660]
        return pointed(image, pointer(at_s))

    return Take("scrolling", "screen", seconds, SCREEN, labels, picture)


def windows(seed: int, seconds: float = 180.0) -> Take:
    """Switching between windows, some of them seen before, and dialogs that pop up and go."""
    draw = np.random.default_rng(seed)
    pages = []
    for _ in range(6):
        image = canvas(WIDTH, HEIGHT, (int(draw.integers(30, 90)), 70, 110))
        frame_of(image, 60, 40, 1160, 640, (int(draw.integers(60, 220)), 190, 200))
        for row in range(22):
            write(image, 90, 90 + row * (line_px(3) + 11), words(draw, int(draw.integers(3, 10))), INK, 3)
        pages.append(image)
    shown, at, labels, states = {0}, 0, [], [pages[0]]
    dialog = False
    for when_s in moments(draw, 9, seconds):
        if not dialog and draw.random() < 0.35:
            image = states[-1].copy()
            frame_of(image, 420, 260, 440, 180, (180, 80, 80))
            write(image, 450, 320, words(draw, 4), INK, 3)
            states.append(image)
            labels.append(Label(when_s, "dialog", f"dialog {len(states)}"))
            dialog = True
            continue
        same = dialog and draw.random() < 0.5
        at = at if same else int(draw.choice([page for page in range(6) if page != at]))
        labels.append(Label(when_s, "window", f"page {at}" if at else BEGINNING, again=at in shown))
        shown.add(at)
        states.append(pages[at])
        dialog = False
    pointer = wander(draw, WIDTH, HEIGHT)

    def picture(at_s: float) -> Image:
        return pointed(states[sum(label.at_s <= at_s for label in labels)].copy(), pointer(at_s))

    return Take("windows", "screen", seconds, SCREEN, labels, picture)


def corner_video(seed: int, seconds: float = 180.0) -> Take:
    """Slides with a presenter's moving picture in a corner, which does not count."""
    take = slides(seed, "corner_video", 7, seconds)
    film = _film(np.random.default_rng(seed + 1))

    def picture(at_s: float) -> Image:
        image = take.draw(at_s)
        paste(image, 960, 530, film(at_s))
        return image

    return Take(take.kind, "screen", seconds, SCREEN, take.labels, picture)


def _film(draw: np.random.Generator) -> Callable[[float], Image]:
    """Shots of a talking person, cut every few seconds."""
    cuts = np.cumsum(draw.uniform(3, 9, 60))
    tints = draw.integers(40, 200, (60, 3))

    def picture(at_s: float) -> Image:
        shot = int(np.searchsorted(cuts, at_s))
        red, green, blue = (int(value) for value in tints[shot])
        image = canvas(300, 170, (red, green, blue))
        x, y = 150 + 18 * np.sin(at_s * 1.1 + shot), 80 + 6 * np.sin(at_s * 2.3)
        ellipse(image, x, 170, 75, 60, (blue, red // 2, green // 2))
        ellipse(image, x, y, 32, 42, (214, 168, 140))
        ellipse(image, x, y + 20, 10, 2 + 5 * abs(np.sin(at_s * 7)), (120, 40, 40))
        return image

    return picture


def quiet_desk(seed: int, seconds: float = 180.0) -> Take:
    """Nothing but a clock with seconds, a wandering pointer and a spinner; now and then one word is added."""
    draw = np.random.default_rng(seed)
    page = canvas(WIDTH, HEIGHT, (235, 236, 240))
    frame_of(page, 100, 40, 1080, 620, (210, 212, 220))
    lines = [words(draw, int(draw.integers(4, 9))) for _ in range(16)]
    for row, line in enumerate(lines):
        write(page, 140, 100 + 32 * row, line, INK, 3)
    added = [
        (at_s, int(row), words(draw, 1) + words(draw, 1)[:2])
        for at_s, row in zip(moments(draw, 5, seconds), draw.permutation(16)[:5], strict=True)
    ]
    labels = [Label(at_s, "word", f"{index + 1} words added") for index, (at_s, _, _) in enumerate(added)]
    pointer = wander(draw, WIDTH, HEIGHT)

    def picture(at_s: float) -> Image:
        image = page.copy()
        for when_s, row, word in added:
            if at_s >= when_s:
                write(image, 149 + 9 * len(lines[row]), 100 + 32 * row, word, INK, 3)
        clock_s = 36_000 + int(at_s)
        text = f"{clock_s // 3600}:{clock_s // 60 % 60:02}:{clock_s % 60:02}"
        write(image, 1180, 8, text, INK, 3)
        ellipse(image, 1140 + 6 * np.cos(at_s * 5), 16 + 6 * np.sin(at_s * 5), 3, 3, (60, 60, 200))
        return pointed(image, pointer(at_s))

    return Take("quiet_desk", "screen", seconds, SCREEN, labels, picture)


SCREENS: tuple[Callable[[int], Take], ...] = (slides, editor, scrolling, windows, corner_video, quiet_desk)
