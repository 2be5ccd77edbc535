"""Covers drawn by number: five motifs in a few tones of one hue."""

from __future__ import annotations

import colorsys
import io
import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from comaker.host.demo.artists import Artist

SIDE = 1200
"""Width and height of a cover, in pixels."""

Tone = tuple[int, int, int]
Draw = ImageDraw.ImageDraw


def tone(hue: float, lightness: float, saturation: float = 0.55) -> Tone:
    """A colour: hue in degrees, the rest from 0 to 1."""
    red, green, blue = colorsys.hls_to_rgb(hue % 360 / 360, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def cover(artist: Artist, number: int = 0) -> bytes:
    """A cover as JPEG; ``number`` above 0 gives other pictures in the same tones."""
    chance = random.Random(f"{artist.slug}/{number}")
    picture = _ground(artist.hue, chance)
    _MOTIFS[artist.motif](ImageDraw.Draw(picture, "RGBA"), artist.hue, chance)
    kept = io.BytesIO()
    _grain(picture, chance).save(kept, "JPEG", quality=86)
    return kept.getvalue()


def _ground(hue: int, chance: random.Random) -> Image.Image:
    """A soft slope from a dark tone to a lighter one beside it."""
    small = Image.new("RGB", (2, 2))
    shift = chance.choice((-34, 28, 40))
    corners = (
        tone(hue, 0.16),
        tone(hue + shift / 2, 0.24),
        tone(hue + shift / 2, 0.3),
        tone(hue + shift, 0.46),
    )
    small.putdata(corners)
    return small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _grain(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A little unevenness, as of paper."""
    side = SIDE // 3
    noise = Image.frombytes("L", (side, side), chance.randbytes(side * side))
    paper = noise.resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGB")
    return Image.blend(picture.filter(ImageFilter.SMOOTH), paper, 0.035)


def _waves(draw: Draw, hue: int, chance: random.Random) -> None:
    for layer in range(9):
        base = SIDE * (0.32 + 0.085 * layer)
        high, wide, start = chance.uniform(30, 90), chance.uniform(380, 900), chance.uniform(0, 6)
        line = [(x, base + high * math.sin(x / wide * 6.28 + start)) for x in range(0, SIDE + 12, 12)]
        shade = tone(hue + 6 * layer, 0.66 - 0.06 * layer)
        draw.polygon([*line, (SIDE, SIDE), (0, SIDE)], fill=(*shade, 150))
    x, y, size = chance.uniform(250, 950), chance.uniform(170, 300), chance.uniform(60, 110)
    draw.ellipse((x - size, y - size, x + size, y + size), fill=(*tone(hue + 150, 0.82, 0.7), 235))


def _discs(draw: Draw, hue: int, chance: random.Random) -> None:
    x, y, turn = chance.uniform(420, 780), chance.uniform(440, 760), chance.choice((-3, 3))
    for ring in range(17, 0, -1):
        size = ring * 47
        shade = tone(hue + turn * ring + 24 * (ring % 3 == 0), 0.3 + 0.026 * (17 - ring), 0.5)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(*shade, 200))
    size = 58
    draw.ellipse((x - size, y - size, x + size, y + size), fill=(*tone(hue + 180, 0.85, 0.6), 255))


def _towers(draw: Draw, hue: int, chance: random.Random) -> None:
    for row in range(3):
        left = -40.0
        while left < SIDE:
            wide, high = chance.uniform(45, 130), chance.uniform(180, 480) + 190 * (2 - row)
            shade = tone(hue + 12 * row, 0.56 - 0.15 * row, 0.45)
            draw.rectangle((left, SIDE - high, left + wide, SIDE), fill=(*shade, 225))
            if row == 2:
                _windows(draw, hue, chance, (left, SIDE - high, left + wide))
            left += wide + chance.uniform(0, 26)


def _windows(draw: Draw, hue: int, chance: random.Random, wall: tuple[float, float, float]) -> None:
    left, top, right = wall
    for x in range(int(left) + 12, int(right) - 14, 24):
        for y in range(int(top) + 16, SIDE, 34):
            if chance.random() < 0.22:
                draw.rectangle((x, y, x + 10, y + 16), fill=(*tone(hue + 160, 0.82, 0.8), 235))


def _petals(draw: Draw, hue: int, chance: random.Random) -> None:
    x, y, count = chance.uniform(480, 720), chance.uniform(480, 720), chance.choice((9, 11, 13))
    for ring, far in enumerate((430, 300, 180)):
        size = far * 0.52
        for petal in range(count - 2 * ring):
            turn = 6.2832 * petal / (count - 2 * ring) + ring * 0.3
            centre_x, centre_y = x + far * 0.7 * math.cos(turn), y + far * 0.7 * math.sin(turn)
            shade = tone(hue + 14 * ring + 4 * petal, 0.5 + 0.12 * ring, 0.6)
            place = (centre_x - size, centre_y - size, centre_x + size, centre_y + size)
            draw.ellipse(place, fill=(*shade, 96))
    draw.ellipse((x - 52, y - 52, x + 52, y + 52), fill=(*tone(hue + 170, 0.84, 0.7), 250))


def _threads(draw: Draw, hue: int, chance: random.Random) -> None:
    tilt, lean = chance.uniform(0.6, 1.6), chance.uniform(120, 330)
    for thread in range(64):
        height = SIDE * thread / 63
        line = [
            (x, height + lean * math.sin(x / SIDE * 3.14 * tilt + thread / 11) * math.sin(thread / 20))
            for x in range(-20, SIDE + 20, 15)
        ]
        shade = tone(hue + thread * 1.3, 0.42 + 0.4 * abs(math.sin(thread / 9)), 0.6)
        draw.line(line, fill=(*shade, 215), width=5, joint="curve")


_MOTIFS: dict[str, Callable[[Draw, int, random.Random], None]] = {
    "waves": _waves,
    "discs": _discs,
    "towers": _towers,
    "petals": _petals,
    "threads": _threads,
}
