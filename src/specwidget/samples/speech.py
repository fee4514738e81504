"""A formant synthesiser in the manner of Klatt (1980), and the words "bat" and "bag" spoken by it.

Invariant: a voice is a glottal pulse train sent through a cascade of second-order resonators, one
a formant, whose frequencies move along tracks; noise through the same cascade is breath, and
noise shaped beside it is the burst of a stop. Nothing is recorded, nothing is copied.

What tells the words apart is what phoneticians point at: before the [t] the second and third
formant run to their alveolar places, apart; before the [g] the second rises and the third falls
until they all but meet, the velar pinch, and the vowel is longer and the closure voiced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from specwidget.samples.shaping import Signal, add, curve, filtered, noise, spectrum_of

__all__ = ["MAN", "WOMAN", "Part", "Voice", "Word", "cascade", "glottal_pulses", "speak"]

OVERSAMPLING = 8
"""The pulse train is made this much finer, then low-passed: its corners must not fold back."""

BANDWIDTHS = (65.0, 85.0, 120.0, 180.0, 250.0, 350.0, 500.0, 700.0)
"""Of the formants, lowest first, in Hz."""

UPPER_FORMANTS = (3500.0, 4350.0, 5350.0, 6350.0, 7350.0)
"""F4 and above, which hold still; as many as lie under 0.48 of the sampling rate are used."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Who speaks: pitch in Hz, formants relative to the man's, and breath relative to voice."""

    pitch: float
    tract: float
    breath: float


MAN = Voice(pitch=112.0, tract=1.0, breath=0.004)
WOMAN = Voice(pitch=182.0, tract=1.14, breath=0.008)


@dataclass(frozen=True)
class Part:
    """A piece of a word, in seconds from the start of the word."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class Word:
    """Sound [shape=(n,)], its parts in order, and the lowest formants in Hz [shape=(3, n)]."""

    y: Signal
    parts: tuple[Part, ...]
    formants: Signal


def glottal_pulses(pitch: Signal, sr: float, open_quotient: float = 0.6) -> Signal:
    """The derivative of glottal flow: Klatt's polynomial pulse, one a period of `pitch` (Hz)."""
    n = pitch.size
    phase = np.cumsum(np.repeat(pitch, OVERSAMPLING)) / (sr * OVERSAMPLING)
    opened = phase % 1.0 / open_quotient
    flow_slope = np.where(opened < 1.0, 2.0 * opened - 3.0 * opened**2, 0.0)
    spectrum = np.fft.rfft(flow_slope)[: n // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, n)) / OVERSAMPLING


def resonate(x: Signal, frequency: Signal, bandwidth: float, sr: float) -> Signal:
    """One resonator of unit gain at 0 Hz, its frequency (Hz) given for every sample."""
    radius = float(np.exp(-np.pi * bandwidth / sr))
    c = -(radius**2)
    b = 2.0 * radius * np.cos(2.0 * np.pi * frequency / sr)
    out = []
    y1 = y2 = 0.0
    for driven, feedback in zip(((1.0 - b - c) * x).tolist(), b.tolist(), strict=True):
        y1, y2 = driven + feedback * y1 + c * y2, y1
        out.append(y1)
    return np.array(out)


def cascade(x: Signal, formants: Signal, tract: float, sr: float) -> Signal:
    """`x` through the moving lowest formants [shape=(3, n)] and the still ones above them."""
    still = [np.full(x.size, tract * hz) for hz in UPPER_FORMANTS if tract * hz < 0.48 * sr]
    for frequency, bandwidth in zip([*formants, *still], BANDWIDTHS, strict=False):
        x = resonate(x, frequency, tract * bandwidth, sr)
    return x


def burst(
    sr: float, seconds: float, decay: float, seed: int, *points: tuple[float, float]
) -> Signal:
    """The noise of a stop's release: sudden, dying within `decay` seconds, of a given spectrum."""
    n = round(seconds * sr)
    y = noise(n, seed)
    y[0] += 6.0
    envelope = np.exp(-np.arange(n) / (decay * sr))
    return filtered(y * envelope, sr, spectrum_of(*points))


def speak(word: str, voice: Voice, sr: float, seed: int) -> Word:
    """Say "bat" or "bag"."""
    velar = word == "bag"
    opening = 0.08
    closing = opening + (0.27 if velar else 0.185)
    release = closing + (0.08 if velar else 0.085)
    end = release + (0.06 if velar else 0.10)
    n = round((end + 0.05) * sr)

    def track(*points: tuple[float, float], rounding: float = 0.02) -> Signal:
        return curve(n, sr, points, rounding)

    # Formants: out of the lips' place for [b], through [æ], into the place of the last stop.
    turn = closing - (0.115 if velar else 0.06)
    f1_end, f2_end, f3_end = (300.0, 2120.0, 2270.0) if velar else (400.0, 1800.0, 2690.0)
    opened = opening + 0.05
    f1 = track((opening, 260), (opening + 0.03, 600), (opened, 690), (turn, 680), (closing, f1_end))
    f2 = track((opening, 1050), (opened, 1630), (turn, 1700), (closing, f2_end))
    f3 = track((opening, 2150), (opened, 2430), (turn, 2480), (closing, f3_end))
    formants = voice.tract * np.stack([f1, f2, f3])

    flutter = 1.0 + 0.004 * (
        np.sin(2 * np.pi * 12.7 * np.arange(n) / sr) + np.sin(2 * np.pi * 7.1 * np.arange(n) / sr)
    )
    melody = track((0.0, 0.98), (opening + 0.06, 1.08), (closing, 0.86), (end, 0.78), rounding=0.05)
    pulses = glottal_pulses(voice.pitch * melody * flutter, sr)
    breath = noise(n, seed)

    voiced = track(
        (opening - 0.002, 0.0), (opening + 0.02, 1.0), (turn, 0.95), (closing - 0.012, 0.75),
        (closing + 0.004, 0.0), rounding=0.006,
    )  # fmt: skip
    aspirated = track(
        (release + 0.004, 0.0), (release + 0.016, 0.2 if velar else 1.0), (end, 0.0), rounding=0.01
    )
    excitation = pulses * voiced + breath * (voice.breath * voiced + 0.016 * aspirated)
    y = cascade(excitation, formants, voice.tract, sr)

    closure_voice = 0.9 if velar else 0.0
    bar = track(
        (0.0, 0.0), (0.02, 0.7), (opening - 0.006, 1.0), (opening + 0.008, 0.0),
        (closing - 0.008, 0.0), (closing + 0.008, closure_voice),
        (release - 0.02, 0.35 * closure_voice), (release, 0.0), rounding=0.008,
    )  # fmt: skip
    y += filtered(pulses * bar, sr, spectrum_of((60, -6), (180, 0), (400, -18), (1000, -48)))

    lips = burst(sr, 0.03, 0.004, seed + 1, (100, 0), (800, -2), (3000, -14), (8000, -26))
    add(y, 0.10 * lips, round(opening * sr) - round(0.004 * sr))
    if velar:
        pinch = voice.tract * 2200.0
        tongue = burst(
            sr, 0.05, 0.012, seed + 2, (200, -30), (0.6 * pinch, -18), (pinch, 0),
            (1.35 * pinch, -16), (2.4 * pinch, -14), (8000, -26),
        )  # fmt: skip
        add(y, 0.22 * tongue, round(release * sr))
    else:
        tongue = burst(
            sr, 0.06, 0.014, seed + 2, (200, -40), (1500, -22), (2800, -10), (4200, 0), (8000, -4)
        )
        add(y, 0.20 * tongue, round(release * sr))

    parts = (
        Part("b", 0.0, opening),
        Part("æ", opening, closing),
        Part("g" if velar else "t", closing, end),
    )
    return Word(y, parts, formants)
