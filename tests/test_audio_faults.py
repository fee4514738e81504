"""What keeps a recording from being read for a while leaves no trace in it."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
import soundfile

from specwidget.audio import open_audio
from specwidget.audio.blocks import BLOCK_BYTES, BlockCache
from specwidget.errors import AudioFileError, AudioUnavailableError
from specwidget.tiles.damage import PatchedSource


class Flaky:
    """A source that cannot be reached while `error` is set."""

    sr, n_samples, n_channels = 8000, 100_000, 1

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.n_reads = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        self.n_reads += 1
        if self.error is not None:
            raise self.error
        return np.ones((1, stop - start), np.float32)


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TimeoutError("slow")])
def test_what_passes_is_no_damage(error: Exception) -> None:
    flaky = Flaky()
    source = PatchedSource(open_audio(flaky))
    flaky.error = error
    with pytest.raises(AudioUnavailableError, match=str(error)):
        source.read(0, 50_000)
    assert flaky.n_reads == 1
    flaky.error = None
    assert (source.read(0, 100_000) == 1).all()
    assert not source.damage
    assert source.warning is None


def test_what_lasts_is_told_as_before() -> None:
    flaky = Flaky()
    source = PatchedSource(open_audio(flaky))
    flaky.error = ValueError("broken")
    with pytest.raises(AudioFileError, match="broken") as caught:
        source.read(0, 50_000)
    assert not isinstance(caught.value, AudioUnavailableError)


def test_what_lies_ahead_hinders_no_read() -> None:
    content = np.random.default_rng(0).bytes(40 * BLOCK_BYTES)
    good = 20 * BLOCK_BYTES

    def fetch(start: int, stop: int) -> bytes:
        if stop > good:
            raise ConnectionError("not so far")
        return content[start:stop]

    cache = BlockCache(fetch, len(content))
    found = bytearray(good)
    for start in range(0, good, BLOCK_BYTES):
        cache.read_into(memoryview(found)[start : start + BLOCK_BYTES], start)
    assert bytes(found) == content[:good]
    with pytest.raises(ConnectionError):
        cache.read_into(memoryview(bytearray(1)), good)


def encoded(format: str) -> bytes:
    """Five seconds of noise as a file."""
    out = io.BytesIO()
    noise = 0.1 * np.random.default_rng(0).standard_normal(5 * 44100)
    soundfile.write(out, noise, 44100, format=format)
    return out.getvalue()


def test_what_follows_an_mp3_is_soon_seen_to_be_none() -> None:
    content = encoded("MP3")
    length = open_audio(content).n_samples
    began = time.process_time()
    open_audio(content + bytes(8_000_000))
    of_zeros = time.process_time() - began
    began = time.process_time()
    assert open_audio(content + b"\xff" * 8_000_000).n_samples == length
    # Byte by byte it takes hundreds of times as long.
    assert time.process_time() - began < 20 * of_zeros + 1.0


def test_how_long_a_flac_frame_may_be_is_not_believed_without_bound() -> None:
    content = bytearray(encoded("FLAC"))
    content[15:18] = b"\xff\xff\xff"
    assert open_audio(bytes(content) + bytes(12_000_000)).n_samples == 5 * 44100


def test_a_lazy_array_is_called_by_what_lasts() -> None:
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    root = zarr.array(np.zeros(100, np.float32))
    assert open_audio(root, sr=8000).name == "Array"
