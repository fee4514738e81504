"""Pools cells of a spectrogram and samples of a waveform to the pixels of a picture.

Invariant: a pixel shows the maximum of the cells centred in it, or, where it is smaller than a
cell, the cell it lies in: the rule of the live widget. What lies off the data is NaN.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["bins_of", "envelope", "extremes", "nearest", "pool"]

Floats: TypeAlias = NDArray[np.float32]
Places: TypeAlias = NDArray[np.float64]


def bins_of(hz: Places, frequencies: Places) -> Places:
    """Give the place of frequencies among the bins: k at the centre of bin k, even in between.

    The outermost bins reach one spacing outwards, to the corner of a mel filter.
    """
    if frequencies.size < 2:
        return np.zeros_like(hz)
    below = 2.0 * frequencies[0] - frequencies[1]
    above = max(2.0 * frequencies[-1] - frequencies[-2], frequencies[-1] ** 2 / frequencies[-2])
    known = np.concatenate([[below], frequencies, [above]])
    places = np.arange(-1.0, frequencies.size + 1.0)
    return np.asarray(np.interp(hz, known, places, left=-2.0, right=np.inf))


def pool(values: Floats, edges: Places) -> Floats:
    """Pool cells to pixels by maximum.

    Parameters
    ----------
    values : numpy.ndarray [shape=(n_cells, m)]
        Cell k is centred at k.
    edges : numpy.ndarray [shape=(n_pixels + 1,)]
        The pixels' borders in the same unit, rising.

    Returns
    -------
    numpy.ndarray [shape=(n_pixels, m)]
        NaN where a pixel lies a whole cell or more off the first or last.
    """
    n = values.shape[0]
    middle = 0.5 * (edges[:-1] + edges[1:])
    known = (middle > -1.0) & (middle < n)
    centred = np.ceil(edges - 1e-9)
    alone = np.floor(np.where(known, middle, 0.0) + 0.5)
    held = centred[1:] > centred[:-1]
    first = np.clip(np.where(held, centred[:-1], alone), 0, n - 1).astype(int).tolist()
    stop = np.clip(np.where(held, centred[1:], alone + 1), 1, n).astype(int).tolist()
    out = np.full((middle.size, values.shape[1]), np.nan, dtype=np.float32)
    for pixel in np.flatnonzero(known).tolist():
        a, b = first[pixel], stop[pixel]
        if b - a > 1:
            np.fmax.reduce(values[a:b], axis=0, out=out[pixel])
        else:
            out[pixel] = values[a]
    return out


def envelope(samples: Floats, edges: Places) -> Floats:
    """Give minimum, maximum and RMS between `edges`, in samples [shape=(3, n_pixels)].

    Where a pixel is narrower than a sample, it shows the straight line between samples.
    """
    n_pixels = edges.size - 1
    n = samples.size
    out = np.full((3, n_pixels), np.nan, dtype=np.float32)
    middle = 0.5 * (edges[:-1] + edges[1:])
    known = (middle > -1.0) & (middle < n) & (n > 0)
    if not known.any():
        return out
    if edges[-1] - edges[0] < n_pixels:
        line = np.interp(middle[known], np.arange(n), samples)
        out[:, known] = [line, line, np.abs(line)]
        return out
    first = np.clip(np.ceil(edges[:-1][known] - 1e-9), 0, n - 1).astype(np.intp)
    last = np.clip(np.ceil(edges[1:][known] - 1e-9), first + 1, n).astype(np.intp)
    pairs = np.stack([first, last], axis=1).ravel()
    padded = np.append(samples, samples[-1:])
    with np.errstate(over="ignore", invalid="ignore"):
        out[0, known] = np.fmin.reduceat(padded, pairs)[::2]
        out[1, known] = np.fmax.reduceat(padded, pairs)[::2]
        energy = np.add.reduceat(padded.astype(np.float64) ** 2, pairs)[::2]
        out[2, known] = np.sqrt(energy / (last - first))
    return out


def extremes(samples: Floats) -> tuple[float, float, float]:
    """Give minimum, maximum and RMS of samples, at least one."""
    with np.errstate(over="ignore", invalid="ignore"):
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return float(np.fmin.reduce(samples)), float(np.fmax.reduce(samples)), rms


def nearest(visited: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """For each of 0 to n - 1, the index in `visited` (sorted) of the nearest one."""
    borders = (visited[1:] + visited[:-1]) / 2.0
    return np.searchsorted(borders, np.arange(n))
