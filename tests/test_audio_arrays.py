"""Arrays as recordings: in memory, mapped into it, or read by pieces from elsewhere."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray
from sounds import SR, assert_same_anywhere, music, voice, whole

from specwidget.audio import open_audio
from specwidget.errors import AudioDataError, AudioFileError, ParameterError, ParameterTypeError


class TestArrays:
    @given(
        hnp.arrays(
            hnp.floating_dtypes(sizes=(32, 64)),
            st.tuples(st.integers(1, 3), st.integers(1, 50)),
            elements=st.floats(-1, 1, width=32),
        ),
        st.integers(-5, 60),
        st.integers(-5, 60),
    )
    def test_floats_are_taken_as_they_are(
        self, samples: NDArray[Any], start: int, stop: int
    ) -> None:
        audio = open_audio(samples, sr=SR)
        assert (audio.n_channels, audio.n_samples, audio.sr) == (*samples.shape, SR)
        block = audio.read(start, stop)
        assert block.dtype == np.float32
        expected = samples[:, max(0, start) : max(0, stop)].astype(np.float32)
        np.testing.assert_array_equal(block, expected)

    @pytest.mark.parametrize(
        ("dtype", "values", "expected"),
        [
            ("int8", [-128, 0, 64], [-1, 0, 0.5]),
            ("int16", [-32768, 0, 16384], [-1, 0, 0.5]),
            (">i2", [-32768, 0, 16384], [-1, 0, 0.5]),
            ("int32", [-(2**31), 0, 2**30], [-1, 0, 0.5]),
            ("uint8", [0, 128, 192], [-1, 0, 0.5]),
            ("uint16", [0, 32768, 49152], [-1, 0, 0.5]),
            ("int64", [-32768, 0, 16384], [-1, 0, 0.5]),
            ("uint64", [0, 16384, 1], [0, 0.5, 1 / 32768]),
            ("uint32", [0, 2**30, 0], [0, 0.5, 0]),
            ("int64", [-(2**31), 2**30, 5], [-1, 0.5, 5 / 2**31]),
            ("float16", [-1, 0, 0.5], [-1, 0, 0.5]),
            (">f8", [-1, 0, 1.5], [-1, 0, 1.5]),
            ("longdouble", [-1, 0, 1.5], [-1, 0, 1.5]),
        ],
    )
    def test_types(self, dtype: str, values: list[float], expected: list[float]) -> None:
        audio = open_audio(np.array(values, dtype=dtype), sr=SR)
        np.testing.assert_array_equal(whole(audio), np.float32([expected]))

    @pytest.mark.parametrize("dtype", ["int16", "int32"])
    def test_integers_as_soundfile_reads_them(self, dtype: str, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        limits = np.iinfo(dtype)
        samples = rng.integers(limits.min, limits.max, 1000, dtype=dtype, endpoint=True)
        subtype = {"int16": "PCM_16", "int32": "PCM_32"}[dtype]
        soundfile.write(tmp_path / "a.wav", samples, SR, subtype=subtype)
        np.testing.assert_allclose(
            whole(open_audio(samples, sr=SR)), whole(open_audio(tmp_path / "a.wav")), rtol=1e-7
        )

    def test_a_long_array_is_not_copied(self, tmp_path: Path) -> None:
        samples = np.memmap(tmp_path / "a.raw", np.int16, "w+", shape=(2, 10**6))
        audio = open_audio(samples, sr=SR)
        samples[1, 5] = 16384
        assert audio.read(5, 6)[1, 0] == 0.5
        view = np.zeros(10, np.float32)[::2]
        assert whole(open_audio(view, sr=SR)).shape == (1, 5)

    def test_not_finite(self) -> None:
        samples = np.array([np.nan, np.inf, -np.inf, 0.25, 1e300])
        audio = open_audio(samples, sr=SR)
        np.testing.assert_array_equal(
            whole(audio), np.float32([[np.nan, np.inf, -np.inf, 0.25, np.inf]])
        )
        assert open_audio(samples[:4], sr=SR).peak == 0.25
        assert open_audio(samples[:1], sr=SR).peak == 0.0

    @pytest.mark.parametrize("n", [1, 1000, (1 << 22) + 1])
    def test_peak(self, n: int) -> None:
        samples = np.zeros(n, np.float32)
        samples[-1] = -3.0
        assert open_audio(samples, sr=SR).peak == 3.0
        assert open_audio(samples.astype(np.int16), sr=SR).peak == 1.0

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            (np.zeros(0), AudioDataError, r"shape=\(0,\): no samples"),
            (np.zeros((2, 0)), AudioDataError, "no samples"),
            (np.float32(1.0), AudioDataError, r"shape=\(\)"),
            (np.zeros((2, 2, 2)), AudioDataError, r"shape=\(2, 2, 2\); give .*audio\[0\]"),
            (np.zeros((44100, 2)), AudioDataError, r"shape=\(44100, 2\).*give audio\.T"),
            (np.zeros((2000, 3000), "i1"), AudioDataError, "2000 channels; give at most 1024"),
            (np.zeros(5, bool), AudioDataError, "dtype=bool.*astype"),
            (np.zeros(5, complex), AudioDataError, "dtype=complex128.*audio.real"),
            (np.array(["a"]), AudioDataError, "dtype=<U1"),
            (np.array([1, None]), AudioDataError, "dtype=object.*np.asarray"),
            (np.array(["2020"], "M8[s]"), AudioDataError, "dtype=datetime64"),
            (np.array([2**40]), AudioDataError, "more than 32 bits"),
            (np.ma.array([1.0, 2.0], mask=[0, 1]), AudioDataError, "masked.*filled"),
            ([0.0, 1.0], ParameterTypeError, "type list.*np.asarray"),
            (None, ParameterTypeError, "audio=None is of type NoneType"),
            (3, ParameterTypeError, "type int"),
            ({}, ParameterTypeError, "type dict"),
            ((), ParameterTypeError, r"tuple of 0; give \(sr, array\)"),
            ((np.zeros(5), SR), ParameterTypeError, "tuple of 2"),
            ((SR, np.zeros(5), 1), ParameterTypeError, "tuple of 3"),
        ],
    )
    def test_what_is_no_audio(self, audio: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            open_audio(audio, sr=SR)

    def test_short_recordings_of_some_channels_are_no_mistake(self) -> None:
        assert open_audio(np.zeros((2, 1)), sr=SR).n_channels == 2

    @pytest.mark.parametrize("sr", [0, -1, float("nan"), float("inf"), -np.inf])
    def test_rates_that_make_no_sense(self, sr: float) -> None:
        with pytest.raises(ParameterError, match=r"sr=.* makes no sense; give .*sr=22050"):
            open_audio(np.zeros(5), sr=sr)

    @pytest.mark.parametrize("sr", ["44100", True, [44100], 1j])
    def test_rates_that_are_no_numbers(self, sr: Any) -> None:
        with pytest.raises(ParameterTypeError, match="sr="):
            open_audio(np.zeros(5), sr=sr)

    def test_rate_is_needed(self) -> None:
        with pytest.raises(ParameterError, match=r"sr=None.*sr=22050"):
            open_audio(np.zeros(5))

    @pytest.mark.parametrize(
        ("sr", "kept"), [(22050.0, 22050), (np.int64(5), 5), (0.5, 0.5), (Fraction(9, 2), 4.5)]
    )
    def test_rates_are_ints_where_they_are_integral(self, sr: Any, kept: float) -> None:
        audio = open_audio(np.zeros(5), sr=sr)
        assert audio.sr == kept
        assert type(audio.sr) is type(kept)

    def test_pairs(self) -> None:
        audio = open_audio((16000, np.zeros((2, 5))))
        assert (audio.sr, audio.n_channels) == (16000, 2)
        assert open_audio((16000, np.zeros(5)), sr=16000).sr == 16000
        with pytest.raises(ParameterError, match="sr=8000 differs"):
            open_audio((16000, np.zeros(5)), sr=8000)


class Tensor:
    """What is of a tensor of another library: it exports, and may refuse to."""

    def __init__(self, samples: NDArray[Any], refuses: str = "") -> None:
        self._samples, self._refuses = samples, refuses

    def __dlpack__(self, **options: Any) -> Any:
        if self._refuses:
            raise BufferError(self._refuses)
        return self._samples.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._samples.__dlpack_device__()


class ArrayLike:
    def __init__(self, samples: NDArray[Any]) -> None:
        self._samples = samples

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return self._samples


class TestTensors:
    @pytest.mark.parametrize("kind", [Tensor, ArrayLike])
    def test_convert(self, kind: Callable[[Any], Any]) -> None:
        samples = music(100, 2)
        np.testing.assert_array_equal(whole(open_audio(kind(samples), sr=SR)), samples)
        np.testing.assert_array_equal(whole(open_audio((SR, kind(samples)))), samples)

    def test_that_do_not_convert_say_how(self) -> None:
        tensor = Tensor(np.zeros(5), "it is on a GPU")
        with pytest.raises(AudioDataError, match=r"it is on a GPU.*detach\(\)\.cpu\(\)\.numpy\(\)"):
            open_audio(tensor, sr=SR)

    def test_series(self) -> None:
        import pandas as pd

        assert open_audio(pd.Series(np.zeros(7)), sr=SR).n_samples == 7


class TestFingerprints:
    def test_of_what_nobody_can_write_to(self) -> None:
        samples = music(1000)
        assert open_audio(samples, sr=SR).fingerprint() is None
        view = samples.view()
        view.flags.writeable = False
        assert open_audio(view, sr=SR).fingerprint() is None  # it can be, through what it views
        keys = {
            self.frozen(change(samples.copy()), sr)
            for change, sr in [
                (lambda y: y, SR),
                (lambda y: y, SR + 1),
                (lambda y: y.reshape(2, -1).copy(), SR),
                (lambda y: y.astype(np.float64), SR),
                (lambda y: np.where(np.arange(1000) == 501, 0.5, y).astype(np.float32), SR),
            ]
        }
        assert None not in keys
        assert len(keys) == 5
        assert self.frozen(samples.copy(), SR) in keys

    def frozen(self, samples: NDArray[Any], sr: float) -> str | None:
        samples.flags.writeable = False
        return open_audio(samples, sr=sr).fingerprint()

    def test_of_a_mapped_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.raw"
        music(5000).tofile(path)

        def key(**options: Any) -> str | None:
            return open_audio(np.memmap(path, np.float32, "r", **options), sr=SR).fingerprint()

        first = key()
        assert first is not None
        assert first == key()
        assert len({first, key(offset=4), key(shape=(2, 2500)), key(shape=(4000,))}) == 4
        assert open_audio(np.memmap(path, np.float32, "r+"), sr=SR).fingerprint() is None
        os.utime(path, ns=(1, 1))
        assert key() != first


class TestMappedFiles:
    def test_are_read_where_they_lie(self, tmp_path: Path) -> None:
        path = tmp_path / "a.raw"
        samples = (voice(3000, 2) * 32767).astype("<i2")
        samples.T.tofile(path)
        mapped = np.memmap(path, "<i2", "r", shape=(3000, 2)).T
        np.testing.assert_array_equal(
            whole(open_audio(mapped, sr=SR)), samples.astype(np.float32) / 32768
        )

    def test_that_are_cut_short_do_not_kill(self, tmp_path: Path) -> None:
        path = tmp_path / "a.raw"
        music(1_000_000).tofile(path)
        mapped = np.memmap(path, np.float32, "r")
        audio = open_audio(mapped.reshape(2, -1)[:, 5:], sr=SR)
        assert audio.read(499_000, 499_010).shape == (2, 10)
        with open(path, "r+b") as stream:
            stream.truncate(100)
        with pytest.raises(AudioFileError, match=r"a\.raw: was cut short while it was mapped"):
            audio.read(499_000, 499_010)
        with pytest.raises(AudioFileError, match="was cut short"):
            open_audio(mapped, sr=SR)

    def test_that_are_gone_are_still_there(self, tmp_path: Path) -> None:
        path = tmp_path / "a.raw"
        music(1000).tofile(path)
        audio = open_audio(np.memmap(path, np.float32, "r"), sr=SR)
        path.unlink()
        np.testing.assert_array_equal(whole(audio), music(1000))
        path.write_bytes(b"another, shorter one")
        np.testing.assert_array_equal(whole(audio), music(1000))


class Elsewhere:
    """An array of another library: it is sliced, and counts what is read of it."""

    chunks = (1000,)

    def __init__(self, samples: NDArray[Any]) -> None:
        self.samples = samples
        self.shape, self.dtype = samples.shape, samples.dtype
        self.values_read = 0

    def __getitem__(self, where: Any) -> NDArray[Any]:
        part = self.samples[where]
        self.values_read += part.size
        return part

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        raise AssertionError("it was loaded whole")


class TestArraysElsewhere:
    def test_are_read_by_pieces(self) -> None:
        samples = voice(50_000, 2)
        array = Elsewhere(samples)
        audio = open_audio(array, sr=SR)
        assert array.values_read == 0
        assert (audio.n_samples, audio.n_channels, audio.peak) == (50_000, 2, None)
        np.testing.assert_array_equal(audio.read(4000, 4100), samples[:, 4000:4100])
        assert array.values_read == 200
        assert_same_anywhere(audio, samples)
        assert open_audio((SR, array)).sr == SR

    @pytest.mark.parametrize("dtype", ["uint8", "int16", ">i2", "int32", "float64", "float16"])
    def test_types_are_those_of_arrays(self, dtype: str) -> None:
        kind = np.dtype(dtype)
        samples = voice(300)
        if kind.kind != "f":
            limits = np.iinfo(kind)
            samples = samples * (limits.max // 2) + (limits.max + 1) // 2 * (kind.kind == "u")
        samples = samples.astype(kind)
        np.testing.assert_array_equal(
            whole(open_audio(Elsewhere(samples), sr=SR)), whole(open_audio(samples, sr=SR))
        )

    @pytest.mark.parametrize(
        ("samples", "message"),
        [
            (np.zeros((2, 2, 2)), r"shape=\(2, 2, 2\)"),
            (np.zeros((0,)), "no samples"),
            (np.zeros((44100, 2)), r"looks like \(n, n_channels\); give an object with sr"),
            (np.zeros(5, bool), "dtype=bool"),
            (np.zeros(5, np.int64), "dtype=int64, of which nothing tells what full scale is"),
        ],
    )
    def test_that_are_no_audio(self, samples: NDArray[Any], message: str) -> None:
        with pytest.raises(AudioDataError, match=message):
            open_audio(Elsewhere(samples), sr=SR)

    def test_rate_is_needed(self) -> None:
        with pytest.raises(ParameterError, match="sr=None"):
            open_audio(Elsewhere(np.zeros(5)))

    def test_that_fail(self) -> None:
        array = Elsewhere(voice(1000))
        audio = open_audio(array, sr=SR)
        array.samples = array.samples[:, :700]
        with pytest.raises(AudioFileError, match=r"samples 600 to 800 .*100 samples were given"):
            audio.read(600, 800)
        array.samples = None  # type: ignore[assignment]
        with pytest.raises(AudioFileError, match="samples 0 to 8 .*not subscriptable"):
            audio.read(0, 8)

    def test_not_finite_is_told_when_it_is_read(self) -> None:
        samples = voice(1000)
        samples[0, 900] = np.inf
        audio: Any = open_audio(Elsewhere(samples), sr=SR)
        assert audio.warning is None
        whole(audio)
        assert "NaN or infinite" in audio.warning
        assert audio.damage[0][:2] == (900, 901)

    def test_hdf5(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py", reason="HDF5 is read through h5py")
        samples = voice(30_000, 2)
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file.create_dataset("chunked", data=samples, chunks=(1, 4096), compression="gzip")
            file.create_dataset("flat", data=(samples[0] * 32767).astype(np.int16))
        with h5py.File(tmp_path / "a.h5") as file:
            audio = open_audio(file["chunked"], sr=SR)
            assert audio.name == "/chunked"
            assert_same_anywhere(audio, samples)
            flat = open_audio(file["flat"], sr=SR)
            assert flat.peak == 1.0
            expected = (samples[:1] * 32767).astype(np.int16).astype(np.float32) / 32768
            assert_same_anywhere(flat, expected)
        with pytest.raises(AudioFileError, match=r"/chunked: samples 0 to 5 .*cannot be read"):
            audio.read(0, 5)

    def test_hdf5_closed_while_others_read(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py", reason="HDF5 is read through h5py")
        samples = voice(30_000)
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file.create_dataset("y", data=samples, chunks=(1, 1024))
        file = h5py.File(tmp_path / "a.h5")
        audio = open_audio(file["y"], sr=SR)
        wrong: list[BaseException] = []
        begun = threading.Barrier(4, timeout=10)

        def read(seed: int) -> None:
            rng = np.random.default_rng(seed)
            begun.wait()
            try:
                for start in rng.integers(0, 29_000, 200):
                    block = audio.read(int(start), int(start) + 500)
                    assert np.array_equal(block, samples[:, start : start + 500])
            except AudioFileError:
                pass
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        begun.wait()
        file.close()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_zarr(self, tmp_path: Path) -> None:
        zarr = pytest.importorskip("zarr", reason="Zarr arrays are read through zarr")
        samples = voice(30_000, 2)
        stored = zarr.create_array(
            store=str(tmp_path / "a.zarr"), shape=samples.shape, chunks=(2, 4096), dtype="float32"
        )
        stored[:] = samples
        audio = open_audio(zarr.open_array(str(tmp_path / "a.zarr"), mode="r"), sr=SR)
        assert_same_anywhere(audio, samples, n=10)
