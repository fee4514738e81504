"""How fast samples become tiles, beside librosa and the bare FFT.

All that is compared runs in turn, several rounds, and medians are taken: trust the ratios, and them
only on a machine that does nothing else. Nothing here passes or fails. Run by `make bench`.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.fft
import soundfile
from numpy.typing import NDArray

from specwidget.audio import open_audio
from specwidget.tiles import TileKey, tilesets
from specwidget.transforms import FrameTransform, MelSpectrogram, Stft

SR = 44100
SECONDS = 600
ROUNDS = 3
FRAMINGS = [(2048, 512), (512, 128), (4096, 1024)]
STEP = 1 << 19

Samples = NDArray[np.float32]


def field_recording() -> Samples:
    """Noise at -40 dB that falls with frequency, and chirps at -20 dB: 16 bits."""
    rng = np.random.default_rng(0)
    n = SR * SECONDS
    noise = rng.standard_normal(n).astype(np.float32)
    noise[1:] += 0.9 * noise[:-1]
    place = np.arange(n) % SR
    chirps = 0.1 * np.sin(place**2 * 5e-6) * (place < SR // 10)
    return (np.rint((0.007 * noise + chirps) * 32768) / 32768).astype(np.float32)


def loud_tone() -> Samples:
    """A sine near full scale in silence: float32 is not enough for any frame."""
    n = SR * SECONDS
    noise = np.random.default_rng(0).standard_normal(n)
    return (0.9 * np.sin(np.arange(n) * 0.06) + 1e-5 * noise).astype(np.float32)


def medians(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the seconds that each job takes, all run in turn."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            began = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in times.items()}


def librosa_levels(y: Samples, transform: FrameTransform) -> NDArray[np.uint8]:
    """Return quantised dB by librosa."""
    framing = {"n_fft": transform.n_fft, "hop_length": transform.hop}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(transform, MelSpectrogram):
            power = librosa.feature.melspectrogram(y=y, sr=SR, **framing)
            db = librosa.power_to_db(power, ref=1.0, top_db=None)
        else:
            magnitude = np.abs(librosa.stft(y, **framing))
            db = librosa.amplitude_to_db(magnitude, ref=1.0, top_db=None)
    return np.clip(np.rint((db + 86.0) * 1.7), 0, 255).astype(np.uint8)


def bare_fft(y: Samples, n_fft: int, hop: int) -> None:
    """Compute the FFTs, in float32 and in blocks, and nothing else."""
    frames = np.lib.stride_tricks.sliding_window_view(y, n_fft)[::hop]
    block = (1 << 17) // n_fft
    buffer = np.empty((block, n_fft), np.float32)
    for start in range(0, len(frames), block):
        part = frames[start : start + block]
        buffer[: len(part)] = part
        scipy.fft.rfft(buffer[: len(part)], axis=1, overwrite_x=True)


def our_levels(y: Samples, transform: FrameTransform, pool: int, threads: int) -> None:
    """Compute quantised dB as tiles hold them."""
    limits = (-86.0, 64.0)

    def step(start: int) -> None:
        end = start + STEP + transform.n_fft - transform.hop
        transform.levels(y[start:end], SR, limits, pool)

    starts = range(0, len(y), STEP)
    if threads == 1:
        for start in starts:
            step(start)
    else:
        with ThreadPoolExecutor(threads) as pool_of_threads:
            list(pool_of_threads.map(step, starts))


@pytest.mark.parametrize("recording", [field_recording, loud_tone])
def test_engine(recording: Callable[[], Samples]) -> None:
    y = recording()
    print(f"\n{recording.__name__}, {SECONDS} s at {SR} Hz: samples to dB to uint8")
    heads = "n_fft/hop,librosa,FFT alone,ours,two thr.,pool 64,x librosa,of FFT,two,mel,x librosa"
    print(" ".join(f"{head:>9}" for head in heads.split(",")))
    for n_fft, hop in FRAMINGS:
        stft = Stft(n_fft=n_fft, hop_length=hop)
        mel = MelSpectrogram(n_fft=n_fft, hop_length=hop)
        jobs: dict[str, Callable[[], object]] = {
            "librosa": lambda: librosa_levels(y, stft),  # noqa: B023
            "fft": lambda: bare_fft(y, n_fft, hop),  # noqa: B023
            "one": lambda: our_levels(y, stft, 1, 1),  # noqa: B023
            "two": lambda: our_levels(y, stft, 1, 2),  # noqa: B023
            "pool": lambda: our_levels(y, stft, 64, 1),  # noqa: B023
            "librosa mel": lambda: librosa_levels(y, mel),  # noqa: B023
            "mel": lambda: our_levels(y, mel, 1, 1),  # noqa: B023
        }
        took = medians(jobs)
        cells = [f"{n_fft}/{hop}"]
        cells += [f"{took[job] * 1e3:.0f} ms" for job in ("librosa", "fft", "one", "two", "pool")]
        cells += [f"{took['librosa'] / took['one']:.1f}", f"{took['fft'] / took['one']:.0%}"]
        cells += [f"{took['one'] / took['two']:.2f}", f"{took['mel'] * 1e3:.0f} ms"]
        cells += [f"{took['librosa mel'] / took['mel']:.1f}"]
        print(" ".join(f"{cell:>9}" for cell in cells), flush=True)


def test_one_tile(tmp_path: Path) -> None:
    """Print what one tile of a file takes, by its level."""
    y = field_recording()
    print(f"\none tile of {SECONDS} s, Stft(): ms by level, e where it is an estimate")
    for suffix in ("wav", "flac", "mp3"):
        path = tmp_path / f"recording.{suffix}"
        soundfile.write(path, y, SR)
        began = time.perf_counter()
        source = open_audio(path)
        layers = tilesets(source, Stft())
        top = layers["spec/0"].info()["levels"] - 1
        layers["spec/0"].tile(TileKey("spec/0", top, 0))
        layers["wave/0"].tile(TileKey("wave/0", layers["wave/0"].info()["levels"][-1], 0))
        shown = [f"{suffix:>5}: first picture {(time.perf_counter() - began) * 1e3:.0f} |"]
        for level in range(top + 1):
            key = TileKey("spec/0", level, 0)
            began = time.perf_counter()
            tile = layers["spec/0"].tile(key)
            took = (time.perf_counter() - began) * 1e3
            shown.append(f"{level}: {took:.1f}{'' if tile.exact else 'e'}")
        print(" ".join(shown), flush=True)
