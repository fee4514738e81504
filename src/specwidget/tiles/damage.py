"""A recording with places that cannot be read, or that hold no numbers.

What cannot be read reads as NaN, which pictures leave out, and where that is is remembered. Effort
is bounded: such a place is read once and not tried again, and its borders are found by halving.
Only a source of which nothing at all can be read raises, as it does by itself; and one that cannot
be reached at present, of which nothing is remembered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.condition import Damage
from specwidget.audio.source import AudioSource
from specwidget.errors import AudioFileError, AudioUnavailableError

__all__ = ["Damage", "PatchedSource", "merged"]

_log = logging.getLogger("specwidget")

# To so many samples the border of a damaged place is found, and in so many pieces a range that
# could not be read as a whole is tried again.
GRAIN = 4096
LEAVES = 32
PROBES = 8
NOT_FINITE = "NaN or infinite samples"

_MOST_REASONS = 3
_NO_LIMIT = 1 << 30


def merged(stretches: Iterable[Damage], most: int = 100) -> list[Damage]:
    """Return stretches in order, those that touch as one, and the nearest ones if they are many.

    Examples
    --------
    >>> stretches = [Damage(7, 9, "b"), Damage(0, 2, "a"), Damage(2, 3, "a")]
    >>> [(one.start, one.stop) for one in merged(stretches)]
    [(0, 3), (7, 9)]
    >>> [(one.start, one.stop, one.reason) for one in merged(stretches, most=1)]
    [(0, 9, 'a; b')]
    """
    out: list[Damage] = []
    for one in sorted(stretches):
        if out and one.start <= out[-1].stop:
            out[-1] = _joined(out[-1], one)
        else:
            out.append(one)
    if len(out) <= most:
        return out
    gaps = [after.start - before.stop for before, after in pairwise(out)]
    widest = set(sorted(range(len(gaps)), key=gaps.__getitem__, reverse=True)[: most - 1])
    joined = out[:1]
    for number, one in enumerate(out[1:]):
        if number in widest:
            joined.append(one)
        else:
            joined[-1] = _joined(joined[-1], one)
    return joined


class PatchedSource:
    """A source of which everything can be read: NaN stands for what cannot.

    Parameters
    ----------
    source : AudioSource
        The recording.
    on_damage : callable, optional
        Called, on whatever thread reads, when more damage was found.

    Raises
    ------
    AudioFileError
        By `read`, if no place of the recording can be read, or not at present.
    """

    def __init__(self, source: AudioSource, on_damage: Callable[[], None] | None = None) -> None:
        self._source = source
        self.on_damage = on_damage
        self._lock = threading.Lock()
        # Never changed, but replaced: whoever reads them needs no lock.
        self._unreadable: tuple[Damage, ...] = ()
        self._noted: tuple[Damage, ...] = ()
        self._n_told = len(getattr(source, "damage", None) or ())

    @property
    def sr(self) -> float:
        """Samples per second."""
        return self._source.sr

    @property
    def n_samples(self) -> int:
        """Length in samples."""
        return self._source.n_samples

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self._source.n_channels

    @property
    def name(self) -> str:
        """What the source is called."""
        return self._source.name

    @property
    def peak(self) -> float | None:
        """Largest absolute sample, where that is known."""
        return self._source.peak

    @property
    def damage(self) -> list[Damage]:
        """The places that pictures leave out, as far as they are known; at most a hundred."""
        told: Iterable[tuple[int, int, str]] = getattr(self._source, "damage", None) or ()
        theirs = [Damage(int(first), int(last), str(reason)) for first, last, reason in told]
        ours = (
            one
            for one in (*self._unreadable, *self._noted)
            if not any(other.start <= one.start and one.stop <= other.stop for other in theirs)
        )
        return merged([*ours, *(one for one in theirs if one.start < self.n_samples)])

    @property
    def warning(self) -> str | None:
        """What a person must know before trusting the picture, or None."""
        told: str | None = getattr(self._source, "warning", None)
        sentences = [told, self._sentence("cannot be read", self._unreadable)]
        if told is None:
            sentences.append(self._sentence(f"has {NOT_FINITE}", self._noted))
        return "; ".join(sentence for sentence in sentences if sentence) or None

    def _sentence(self, what: str, damage: tuple[Damage, ...]) -> str | None:
        if not damage:
            return None
        places = f", at {len(damage)} places" if len(damage) > 1 else ""
        return (
            f"{self.name}: {what} from {damage[0].start / self.sr:.3f} s to "
            f"{damage[-1].stop / self.sr:.3f} s{places}; pictures leave that out"
        )

    def fingerprint(self) -> str | None:
        """Return what tells this content from any other, or None where that is not known."""
        known: Callable[[], str | None] | None = getattr(self._source, "fingerprint", None)
        return None if known is None else known()

    def note(self, start: int, stop: int, reason: str = NOT_FINITE) -> None:
        """Remember samples that can be read, and are none that a picture can show."""
        if any(one.start <= start and stop <= one.stop for one in self.damage):
            return
        with self._lock:
            self._noted = tuple(merged([*self._noted, Damage(start, stop, reason)]))
        self._tell()

    def will_read(self, start: int, stop: int) -> None:
        """Say that samples will be read soon; this waits for nothing."""
        start, stop = max(0, start), min(stop, self.n_samples)
        hint: Callable[[int, int], None] | None = getattr(self._source, "will_read", None)
        if hint is not None and start < stop:
            hint(start, stop)

    def read_places(self, starts: Sequence[int], n: int) -> NDArray[np.float32] | None:
        """Return `n` samples from each of some places on [shape=(n_channels, n_places, n)].

        None where the source has no quick way to do that, or there is damage to look out for.
        """
        quick = getattr(self._source, "read_places", None)
        if quick is None or self._unreadable:
            return None
        try:
            block: NDArray[np.float32] = quick(starts, n)
        except AudioFileError:  # whoever reads the places one by one finds which
            return None
        return block

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)]."""
        start, stop = max(0, start), max(0, min(stop, self.n_samples))
        gaps = [gap for gap in self._unreadable if gap.start < stop and start < gap.stop]
        if gaps:
            return self._salvaged(start, stop, _between(gaps, start, stop))
        try:
            block = self._source.read(start, stop)
        except AudioUnavailableError:
            raise
        except AudioFileError as error:
            if not self._is_alive():
                raise
            return self._salvaged(start, stop, [(start, stop)], error)
        self._listen()
        return block

    def _salvaged(
        self,
        start: int,
        stop: int,
        pieces: Iterable[tuple[int, int]],
        error: AudioFileError | None = None,
    ) -> NDArray[np.float32]:
        """Read what can be read of some pieces, and remember what cannot."""
        work = _Salvage(self._source, start, stop)
        for first, last in pieces:
            work.piece(first, last, error)
        if work.lost:
            with self._lock:
                self._unreadable = tuple(merged([*self._unreadable, *work.lost], most=_NO_LIMIT))
            self._tell()
        return work.samples

    def _is_alive(self) -> bool:
        """Return whether anything can be read at all."""
        for place in np.linspace(0, max(0, self.n_samples - 1), PROBES).astype(int):
            try:
                if self._source.read(int(place), int(place) + 1).shape[1]:
                    return True
            except AudioFileError:
                continue
        return False

    def _listen(self) -> None:
        """Tell if the source has found damage by itself."""
        told = getattr(self._source, "damage", None)
        if told is not None and len(told) != self._n_told:
            self._n_told = len(told)
            self._tell()

    def _tell(self) -> None:
        if self.on_damage is not None:
            try:
                self.on_damage()
            except Exception:  # who listens is not who reads
                _log.exception("damage could not be told")


class _Salvage:
    """The reading of a range as far as it goes.

    Attributes
    ----------
    samples : np.ndarray, float32 [shape=(n_channels, n)]
        NaN where nothing was read.
    lost : list of Damage
        What could not be read.
    """

    def __init__(self, source: AudioSource, start: int, stop: int) -> None:
        self._source = source
        self._start = start
        self.samples = np.full((source.n_channels, stop - start), np.nan, np.float32)
        self.lost: list[Damage] = []

    def piece(self, start: int, stop: int, error: AudioFileError | None = None) -> None:
        """Read a piece; one of which the reading has failed before comes with its error."""
        error = error or self._read(start, stop)
        if error is None:
            return
        leaf = GRAIN
        while leaf * LEAVES < stop - start:
            leaf *= 2
        places = [
            *range(start, stop, max(leaf, (stop - start) // PROBES)),
            max(start, stop - GRAIN),
        ]
        reason = _reason(error)
        if all(self._read(at, min(at + GRAIN, stop)) for at in places):
            self.lost.append(Damage(start, stop, reason))
            return
        bad = self._halved(start, stop, leaf)
        for gap in merged(Damage(first, last, reason) for first, last in bad):
            first, last = self._narrowed(gap.start, gap.stop, leaf)
            self.lost.append(Damage(first, last, gap.reason))

    def _halved(self, start: int, stop: int, leaf: int) -> Iterator[tuple[int, int]]:
        """Read a range as it can be in pieces of a leaf; yield those that cannot."""
        if stop - start <= leaf:
            yield start, stop
            return
        middle = start + leaf * (-(-(stop - start) // leaf) // 2)
        for first, last in ((start, middle), (middle, stop)):
            if self._read(first, last):
                yield from self._halved(first, last, leaf)

    def _narrowed(self, start: int, stop: int, leaf: int) -> tuple[int, int]:
        """Read on from both borders of what cannot be read, as far as a leaf."""
        low, high = start, min(start + leaf, stop)
        while high - low > GRAIN:
            middle = (low + high) // 2
            low, high = (low, middle) if self._read(low, middle) else (middle, high)
        start = low
        low, high = max(start, stop - leaf), stop
        while high - low > GRAIN:
            middle = (low + high) // 2
            low, high = (middle, high) if self._read(middle, high) else (low, middle)
        return start, max(high, start)

    def _read(self, start: int, stop: int) -> AudioFileError | None:
        try:
            block = self._source.read(start, stop)
        except AudioUnavailableError:
            raise
        except AudioFileError as error:
            return error
        self.samples[:, start - self._start : stop - self._start] = block
        return None


def _between(gaps: Iterable[Damage], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield what of a range lies outside of gaps, which are in order."""
    for gap in gaps:
        if start < gap.start:
            yield start, gap.start
        start = max(start, gap.stop)
    if start < stop:
        yield start, stop


def _joined(one: Damage, other: Damage) -> Damage:
    reasons = dict.fromkeys([*one.reason.split("; "), *other.reason.split("; ")])
    reason = "; ".join(list(reasons)[:_MOST_REASONS])
    return Damage(one.start, max(one.stop, other.stop), reason)


def _reason(error: AudioFileError) -> str:
    """Return what an error says, without the place that it names."""
    return str(error).rpartition("cannot be read: ")[2] or "cannot be read"
