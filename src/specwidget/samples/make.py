"""Makes the sample recordings and their truth: ``python -m specwidget.samples.make [folder]``.

Invariant: the files beside this one are what `recordings` returns, to the last bit of 16 on one
machine and within one step of rounding on any other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from specwidget.annotations.schema import NAMES
from specwidget.samples import soundscape, speech, tones
from specwidget.samples.shaping import Signal, add, filtered, noise, spectrum_of

__all__ = ["Recording", "recordings", "write"]

SPEECH_SR = 16_000
MADE = "2026-11-01T00:00:00Z"


@dataclass(frozen=True)
class Recording:
    """Samples in [-1, 1) [shape=(n_channels, n)], and what is in them, row by row."""

    name: str
    sr: int
    y: Signal
    truth: list[dict[str, object]]


def bat_bag() -> Recording:
    """A man says "bat, bag", then a woman does."""
    sr = SPEECH_SR
    y = np.zeros(round(3.8 * sr))
    rows: list[dict[str, object]] = []
    spoken = [(text, voice) for voice in (speech.MAN, speech.WOMAN) for text in ("bat", "bag")]
    for k, (text, voice) in enumerate(spoken):
        start = 0.25 + 0.9 * k
        word = speech.speak(text, voice, sr, seed=100 + 10 * k)
        add(y, 0.6 / np.abs(word.y).max() * word.y, round(start * sr))
        parts = [(part.label, start + part.start, start + part.end) for part in word.parts]
        rows.append({"tier": "words", "start": parts[0][1], "end": parts[-1][2], "label": text})
        rows += [{"tier": "sounds", "start": a, "end": b, "label": sound} for sound, a, b in parts]
        if text == "bag":
            closing = parts[1][2]
            low, high = voice.tract * np.array([1600.0, 2600.0])
            rows.append(
                {
                    "tier": "features", "start": closing - 0.11, "end": closing,
                    "low_freq": low, "high_freq": high, "label": "velar pinch",
                }
            )  # fmt: skip
    room = filtered(noise(y.size, 1), sr, spectrum_of((50, 6), (300, 0), (8000, -14)))
    return Recording("bat_bag", sr, (y + 2.0e-4 * room)[np.newaxis], rows)


def countryside() -> Recording:
    """Birds, crickets, a car, two twigs and wind."""
    scene = soundscape.events()
    rows: list[dict[str, object]] = [
        {
            "start": event.start, "end": event.end, "label": event.label,
            "low_freq": event.low_freq, "high_freq": event.high_freq,
        }
        for event in scene
    ]  # fmt: skip
    return Recording("soundscape", soundscape.SR, soundscape.mix(scene)[np.newaxis], rows)


def plain_tones() -> Recording:
    """Tones, a sweep, a beat and a click, in two channels."""
    rows: list[dict[str, object]] = [
        {
            "channel": each.channel, "start": each.start, "end": each.end, "label": each.label,
            "low_freq": each.low_freq, "high_freq": each.high_freq,
        }
        for each in tones.tones()
    ]  # fmt: skip
    return Recording("tones", tones.SR, tones.mix(), rows)


def recordings() -> Iterator[Recording]:
    """All of them, made anew."""
    yield bat_bag()
    yield countryside()
    yield plain_tones()


def table(recording: Recording) -> pd.DataFrame:
    """The truth as the rows of the CSV file, in the columns of an annotation table."""
    constant = {
        "recording": f"{recording.name}.flac", "source": "truth", "status": "accepted",
        "created_at": MADE, "updated_at": MADE,
    }  # fmt: skip
    rows = [
        {"id": f"{recording.name}-{k + 1:02}", **constant, **row}
        for k, row in enumerate(recording.truth)
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(NAMES))
    frame["channel"] = frame["channel"].astype("Int64")
    return frame.round({"start": 5, "end": 5, "low_freq": 1, "high_freq": 1})


def write(folder: Path) -> list[Path]:
    """Write every recording and its truth into `folder`; the files written."""
    written = []
    for recording in recordings():
        audio = folder / f"{recording.name}.flac"
        with soundfile.SoundFile(
            audio, "w", recording.sr, recording.y.shape[0], "PCM_16", compression_level=1.0
        ) as file:
            file.write(np.round(recording.y.T * 32768.0).astype(np.int16))
        truth = folder / f"{recording.name}.csv"
        table(recording).to_csv(truth, index=False, lineterminator="\n")
        written += [audio, truth]
    return written


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)):
        print(f"{path.name:16} {path.stat().st_size:9,} bytes")
