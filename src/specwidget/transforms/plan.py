"""What a thread keeps for the frames that it computes: memory, and what depends on no samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.compiled import Compiled
from specwidget.transforms.levels import Levels
from specwidget.transforms.melbank import MelBank
from specwidget.transforms.precision import Precision, rounding_noise
from specwidget.transforms.scratch import Scratch

__all__ = ["Plan", "Working"]

_PLANS = 8


@dataclass(eq=False)
class Plan:
    """What is known of some frames before the samples are.

    Attributes
    ----------
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window, padded to the frame.
    bank : MelBank or None
        Filters that sum the power in the FFT bins.
    scale : Levels
        What the amplitudes will be rounded to.
    doubted : bool
        Whether float32 was not enough for many of the latest frames.
    """

    window: NDArray[np.float64]
    bank: MelBank | None
    scale: Levels
    doubted: bool = False
    _compiled: Compiled | None = None

    @cached_property
    def double(self) -> NDArray[np.float64]:
        """The window times the gain of the scale."""
        return self.window * self.scale.gain

    @cached_property
    def single(self) -> NDArray[np.float32]:
        """The same in float32."""
        return self.double.astype(np.float32)

    @property
    def power(self) -> int:
        """1 if the values of the bins are amplitudes, 2 if they are power."""
        return 1 if self.bank is None else 2

    @cached_property
    def precision(self) -> Precision:
        """What tells where float32 is not enough."""
        noise = rounding_noise(len(self.window))
        if self.bank is not None:
            noise = np.sqrt(self.bank(np.square(noise)[None])[0])
        return Precision(noise, self.scale, self.power)

    def compiled(self, kernels: ModuleType) -> Compiled:
        """Return what computes these frames by compiled code."""
        if self._compiled is None:
            self._compiled = Compiled(kernels, self.double, self.bank, self.precision)
        return self._compiled


class Working(Scratch):
    """The arrays of the calling thread, and its latest plans."""

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[tuple[int, int, Levels], Plan] = {}

    def plan(self, window: NDArray[np.float64], bank: MelBank | None, scale: Levels) -> Plan:
        """Return the plan for a window, a bank and a scale."""
        # A plan keeps what its key is the identity of.
        key = id(window), id(bank), scale
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _PLANS:
                del self._plans[next(iter(self._plans))]
            plan = self._plans[key] = Plan(window, bank, scale)
        return plan
