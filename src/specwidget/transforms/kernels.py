"""Levels of dB by compiled code: frames side by side in the lanes of vectors, from start to end.

Importing this imports Numba. Compiling takes seconds, once for a machine: the result is kept on
disk, for as long as this file, which is all that Numba looks at, stays as it is. Every lane is
computed as every other is: a frame's bytes do not depend on the frames beside it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from specwidget.transforms.vectors import (
    LANES,
    any_less,
    copy_bytes,
    larger,
    less,
    load,
    load_turned,
    log2,
    nearest,
    root,
    single,
    smaller,
    spread,
    store,
    store_bytes,
)

__all__ = ["LANES", "VECTORS_CRC32", "Filters", "Fourier", "Rule", "pool_levels", "put_levels"]

# Of the file `vectors`: Numba would not see that what it has compiled is out of date.
VECTORS_CRC32 = 0x97239115

_PART: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_WHOLE: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}


class Fourier(NamedTuple):
    """The FFT of real frames, by that of half as many complex numbers; in float32 or float64.

    Attributes
    ----------
    window : np.ndarray [shape=(n_fft,)]
        Half the window; `n_fft` is a power of two, 32 at the least.
    turns_re, turns_im : np.ndarray
        The factors of all stages, in the order in which they are used.
    last_re, last_im : np.ndarray [shape=(n_fft // 4 + 1,)]
        The factors that take the two halves of a frame apart.
    work : np.ndarray [shape=(4, n_fft // 2 * LANES)]
        Memory.
    """

    window: NDArray[Any]
    turns_re: NDArray[Any]
    turns_im: NDArray[Any]
    last_re: NDArray[Any]
    last_im: NDArray[Any]
    work: NDArray[Any]


class Filters(NamedTuple):
    """Filters that sum the power in the FFT bins; none if there are no weights.

    Attributes
    ----------
    first : np.ndarray, int64 [shape=(n,)]
        The first bin of every filter.
    end : np.ndarray, int64 [shape=(n,)]
        Where its weights end, which begin where those of the one before end.
    weights : np.ndarray, float32
        All weights.
    """

    first: NDArray[np.int64]
    end: NDArray[np.int64]
    weights: NDArray[np.float32]


class Rule(NamedTuple):
    """The scale of levels of power, and what tells where float32 is not enough for them.

    See `Levels` and `Precision`, whose attributes these are, or follow from.
    """

    lowest: np.float32
    highest: np.float32
    per_octave: np.float32
    offset: np.float32
    noise: NDArray[np.float32]
    reach: np.float32
    tonal: np.float32
    within: np.float32
    few: int


@njit(**_PART)
def _transform(re, im, re2, im2, turns_re, turns_im):  # type: ignore[no-untyped-def]
    """Compute the FFT of complex numbers; return whether it is in the second pair of arrays."""
    n, stride, turn, flipped = re.shape[0] // LANES, LANES, 0, False
    while n > 1:
        if n % 4 == 0:
            n //= 4
            far = stride * n
            for p in range(n):
                w1r, w1i = spread(turns_re[turn]), spread(turns_im[turn])
                w2r, w2i = spread(turns_re[turn + 1]), spread(turns_im[turn + 1])
                w3r, w3i = spread(turns_re[turn + 2]), spread(turns_im[turn + 2])
                turn += 3
                to = 4 * stride * p
                for i in range(stride * p, stride * (p + 1), LANES):
                    ar, ai = load(re, i), load(im, i)
                    br, bi = load(re, i + far), load(im, i + far)
                    cr, ci = load(re, i + 2 * far), load(im, i + 2 * far)
                    dr, di = load(re, i + 3 * far), load(im, i + 3 * far)
                    sr, si, tr, ti = ar + cr, ai + ci, br + dr, bi + di
                    ur, ui, vr, vi = ar - cr, ai - ci, bi - di, dr - br
                    store(re2, to, sr + tr)
                    store(im2, to, si + ti)
                    xr, xi = ur + vr, ui + vi
                    store(re2, to + stride, xr * w1r - xi * w1i)
                    store(im2, to + stride, xr * w1i + xi * w1r)
                    xr, xi = sr - tr, si - ti
                    store(re2, to + 2 * stride, xr * w2r - xi * w2i)
                    store(im2, to + 2 * stride, xr * w2i + xi * w2r)
                    xr, xi = ur - vr, ui - vi
                    store(re2, to + 3 * stride, xr * w3r - xi * w3i)
                    store(im2, to + 3 * stride, xr * w3i + xi * w3r)
                    to += LANES
            stride *= 4
        else:
            # What is left is two numbers.
            for i in range(0, stride, LANES):
                ar, ai = load(re, i), load(im, i)
                br, bi = load(re, i + stride), load(im, i + stride)
                store(re2, i, ar + br)
                store(im2, i, ai + bi)
                store(re2, i + stride, ar - br)
                store(im2, i + stride, ai - bi)
            n = 1
            stride *= 2
        re, im, re2, im2 = re2, im2, re, im
        flipped = not flipped
    return flipped


@njit(**_PART)
def _powers(re, im, last_re, last_im, power):  # type: ignore[no-untyped-def]
    """Put the power in every bin of the real frames that half as many complex numbers stand for."""
    half = re.shape[0] // LANES
    a, b = load(re, 0), load(im, 0)
    low, high = a + b + a + b, a - b + a - b
    store(power, 0, single(low * low))
    store(power, half * LANES, single(high * high))
    for k in range(1, half // 2 + 1):
        wr, wi = spread(last_re[k]), spread(last_im[k])
        i, j = k * LANES, (half - k) * LANES
        ar, ai, br, bi = load(re, i), load(im, i), load(re, j), load(im, j)
        er, ei, dr, di = ar + br, ai - bi, ai + bi, br - ar
        tr, ti = wr * dr - wi * di, wr * di + wi * dr
        xr, xi, yr, yi = er + tr, ei + ti, er - tr, ei - ti
        store(power, i, single(xr * xr + xi * xi))
        store(power, j, single(yr * yr + yi * yi))


@njit(**_PART)
def _filter(power, filters, sums):  # type: ignore[no-untyped-def]
    """Put the sums of the filters."""
    begin = 0
    for m in range(filters.first.shape[0]):
        total = spread(np.float32(0.0))
        at = filters.first[m] * LANES
        for i in range(begin, filters.end[m]):
            total = total + spread(filters.weights[i]) * load(power, at)
            at += LANES
        begin = filters.end[m]
        store(sums, m * LANES, total)


@njit(**_PART)
def _round(rows, rule, norms, first, levels):  # type: ignore[no-untyped-def]
    """Put the levels of power; return whether any is so low that float32 may not be enough."""
    lowest, highest = spread(rule.lowest), spread(rule.highest)
    step, offset = spread(rule.per_octave * np.float32(0.5)), spread(rule.offset)
    limit = load(norms, first) * spread(rule.reach)
    limit = limit * limit
    near = False
    for k in range(rule.noise.shape[0]):
        power = load(rows, k * LANES)
        near |= any_less(power, limit * spread(rule.noise[k] * rule.noise[k]))
        clipped = smaller(larger(power, lowest), highest)
        store_bytes(levels, k * LANES, log2(clipped) * step + offset)
    return near


@njit(**_PART)
def _doubt(rows, rule, norms, first, counts):  # type: ignore[no-untyped-def]
    """Count, lane by lane, the bins that are near their noise, and those that it may tear."""
    one, reach = spread(np.float32(1.0)), spread(rule.reach)
    step, offset = spread(rule.per_octave * np.float32(0.5)), spread(rule.offset)
    per_e = spread(rule.per_octave * np.float32(1.0 / math.log(2.0)))
    least, highest = root(spread(rule.lowest)), spread(rule.highest)
    more, within = spread(rule.tonal - np.float32(1.0)), spread(rule.within)
    norm = load(norms, first)
    faint = least - spread(rule.tonal * rule.noise.max()) * norm
    doubtful = torn = spread(np.float32(0.0))
    for k in range(rule.noise.shape[0]):
        found = root(load(rows, k * LANES))
        slack = norm * spread(rule.noise[k])
        limit = slack * reach
        if not any_less(found, limit):
            continue
        near = less(found, limit) * less(faint, found)
        doubtful = doubtful + near
        below = less(found, least)
        slack = slack + slack * more * below
        base = larger(found, least)
        level = log2(smaller(base * base, highest)) * step + offset - spread(np.float32(0.5))
        off = level - nearest(level)
        up = per_e * (found + slack - base) / base
        down = per_e * slack / larger(found - slack, slack * spread(np.float32(1e-6)))
        over = less(within, off + up) + (one - below) * less(within, down - off)
        torn = torn + near * over
    store(counts, 0, doubtful)
    store(counts, LANES, torn)


@njit(**_WHOLE)
def put_levels(  # type: ignore[no-untyped-def]
    samples, starts, norms, columns, fourier, filters, rule, memory, levels, pitch, flags
):
    """Put the levels of frames in their columns, and flag those float32 is not enough for.

    Parameters
    ----------
    samples : int
        The address of the samples, in float32.
    starts : np.ndarray, int64 [shape=(n,)]
        Where each frame starts; `n` is a multiple of `LANES`.
    norms : np.ndarray, float32 [shape=(n,)]
        What the norm of each does not exceed; 0 where nothing is to be flagged.
    columns : np.ndarray, int64 [shape=(m,)]
        Where the levels of the first `m` of the frames are put, ascending.
    fourier, filters, rule
        What is to be computed.
    memory : np.ndarray, float32
        As much as the power in all bins, and in all filters, of `LANES` frames.
    levels : np.ndarray, uint8
        That of bin `k` of a frame comes at ``k * pitch`` and its column.
    flags : np.ndarray, uint8 [shape=(n,)]
        Gets 1 where float32 is not enough, 2 where it is not in many bins, 0 elsewhere.
    """
    n_bins, n_rows = fourier.window.shape[0] // 2 + 1, rule.noise.shape[0]
    re, im, re2, im2 = fourier.work[0], fourier.work[1], fourier.work[2], fourier.work[3]
    power, rows = memory[: n_bins * LANES], memory[: n_bins * LANES]
    if filters.first.shape[0]:
        rows = memory[n_bins * LANES :]
    block = np.empty(n_rows * LANES, np.uint8)
    counts = np.empty(2 * LANES, np.float32)
    for first in range(0, starts.shape[0], LANES):
        for at in range(0, fourier.window.shape[0], LANES):
            load_turned(samples, starts, first, at, fourier.window, re, im)
        if _transform(re, im, re2, im2, fourier.turns_re, fourier.turns_im):
            _powers(re2, im2, fourier.last_re, fourier.last_im, power)
        else:
            _powers(re, im, fourier.last_re, fourier.last_im, power)
        if filters.first.shape[0]:
            _filter(power, filters, rows)
        flags[first : first + LANES] = 0
        if _round(rows, rule, norms, first, block):
            _doubt(rows, rule, norms, first, counts)
            for lane in range(LANES):
                if counts[lane] > rule.few:
                    flags[first + lane] = 2
                elif counts[LANES + lane] > 0:
                    flags[first + lane] = 1
        used = min(LANES, columns.shape[0] - first)
        column = columns[first]
        if used == LANES and columns[first + LANES - 1] - column == LANES - 1:
            for k in range(n_rows):
                copy_bytes(block, k * LANES, levels, k * pitch + column)
        else:
            for lane in range(used):
                for k in range(n_rows):
                    levels[k * pitch + columns[first + lane]] = block[k * LANES + lane]


@njit(**_WHOLE)
def pool_levels(levels, pool, out):  # type: ignore[no-untyped-def]
    """Put the maxima over every `pool` columns; both arrays are bins by columns."""
    # Numbers without a sign need no look at whether they count from the end.
    n, one = np.uint64(levels.shape[1]), np.uint64(1)
    for k in range(levels.shape[0]):
        row, pooled = levels[k], out[k]
        at = np.uint64(0)
        for column in range(out.shape[1]):
            end = min(n, at + np.uint64(pool))
            most = np.uint8(0)
            while at < end:
                most = np.uint8(max(most, row[at]))
                at += one
            pooled[column] = most
