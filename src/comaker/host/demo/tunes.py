"""Short pieces of music, computed: so that every page of the demonstration has something to listen to."""

from __future__ import annotations

import io
import random
import wave

import numpy as np
import numpy.typing as npt

from comaker.host.demo.artists import Artist

RATE = 16_000
"""Samples a second."""

BEATS = 24
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "pentatonic": (0, 2, 4, 7, 9),
}
_CHORDS = ((0, 2, 4), (3, 5, 7), (4, 6, 8), (0, 2, 4))

Sound = npt.NDArray[np.float64]


def tune(artist: Artist) -> bytes:
    """A piece of ``BEATS`` beats as WAV: chords, a bass and a melody that wanders in the artist's mode."""
    chance = random.Random(artist.slug)
    beat_s = 60 / artist.tempo
    sound = np.zeros(int(RATE * (beat_s * BEATS + 1.5)))
    for bar in range(BEATS // 4):
        chord = _CHORDS[bar % 4]
        for step in chord:
            _add(sound, bar * 4 * beat_s, _note(_pitch(artist, step), 4 * beat_s, 0.10, soft=0.25))
        for half in (0, 2):
            low = _pitch(artist, chord[0]) / 2
            _add(sound, (bar * 4 + half) * beat_s, _note(low, 1.8 * beat_s, 0.22, soft=0.02))
    at, step = 0.0, 7
    while at < BEATS - 1:
        step = min(max(step + chance.choice((-2, -1, -1, 1, 1, 2)), 4), 13)
        length = chance.choice((0.5, 0.5, 1.0, 1.0, 2.0))
        _add(sound, at * beat_s, _note(_pitch(artist, step), length * beat_s * 1.4, 0.2, soft=0.01))
        at += length
    return _wav(_room(sound))


def _pitch(artist: Artist, step: int) -> float:
    """The frequency in hertz of a step of the artist's scale, counted from the root."""
    scale = MODES[artist.mode]
    octave, degree = divmod(step, len(scale))
    return float(440 * 2 ** ((artist.root + 12 * octave + scale[degree] - 69) / 12))


def _note(pitch: float, length_s: float, loudness: float, *, soft: float) -> Sound:
    time = np.arange(int(RATE * length_s)) / RATE
    harmonics = sum(np.sin(2 * np.pi * pitch * part * time) / part**1.7 for part in (1, 2, 3, 4))
    rise = np.minimum(time / soft, 1.0)
    fall = np.exp(-2.2 * time / length_s) * np.minimum((length_s - time) / 0.05, 1.0)
    return np.asarray(loudness * harmonics * rise * fall, np.float64)


def _add(sound: Sound, at_s: float, note: Sound) -> None:
    start = int(at_s * RATE)
    room = len(sound) - start
    sound[start : start + len(note)] += note[:room]


def _room(sound: Sound) -> Sound:
    """A few echoes, and a beginning and an end that do not click."""
    for delay_s, part in ((0.11, 0.28), (0.19, 0.18), (0.31, 0.1)):
        shift = int(delay_s * RATE)
        sound[shift:] += part * sound[:-shift]
    edge = np.minimum(np.arange(len(sound)) / (0.02 * RATE), 1.0)
    return sound * edge * edge[::-1]


def _wav(sound: Sound) -> bytes:
    samples = np.int16(sound / np.abs(sound).max() * 26_000)
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return kept.getvalue()
