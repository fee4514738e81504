"""Further layers of tiles, beside those of the recording: matrices over the same time.

Invariant: the tiles of a layer depend on the recording and the layer's own transform alone, so they
outlive a change of the widget's transform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from specwidget.errors import ParameterError
from specwidget.recording import Recording
from specwidget.tiles import Tileset, layer_name
from specwidget.transforms import Transform

__all__ = ["Layer", "Layers"]

_MOST = 16


@dataclass(frozen=True)
class Layer:
    """A matrix over time.

    Attributes
    ----------
    name : str
    transform : Transform
        What makes its columns.
    colormap : str, optional
        The widget's if there is none.
    """

    name: str
    transform: Transform
    colormap: str | None

    def __repr__(self) -> str:
        return f"<layer {self.name}: {type(self.transform).__name__}>"


@dataclass(frozen=True)
class _Served:
    """A layer as it is served: under its id, by tilesets of its own."""

    id: str
    layer: Layer
    info: dict[str, Any]
    limits: tuple[float, float]
    tilesets: dict[str, Tileset]


class Layers(Mapping[str, Layer]):
    """Layers by name, the lowest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = count()
        self._served: dict[str, _Served] = {}

    def __getitem__(self, name: str) -> Layer:
        return self._served[name].layer

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._served))

    def __len__(self) -> int:
        return len(self._served)

    def __repr__(self) -> str:
        return f"<layers: {', '.join(self) or 'none'}>"

    def put(self, layer: Layer, recording: Recording, before: Mapping[str, Tileset]) -> None:
        """Add a layer, in the place of one of the same name.

        Raises
        ------
        ParameterError
            There are too many.
        """
        through = recording.through(layer.transform)
        with self._lock:
            if layer.name not in self._served and len(self._served) >= _MOST:
                raise ParameterError(
                    f"there are {_MOST} layers already; remove one first: w.remove_layer(name)"
                )
            id = f"layer{next(self._numbers)}"
            made = through.tilesets(before)
            self._served[layer.name] = _Served(
                id,
                layer,
                through.info()["spectrogram"],
                through.good_range("full scale"),
                {
                    layer_name(id, channel): made[layer_name("spec", channel)]
                    for channel in through.channels
                },
            )

    def remove(self, name: str) -> None:
        """Take a layer out.

        Raises
        ------
        ParameterError
            There is none of this name.
        """
        with self._lock:
            if name not in self._served:
                there = ", ".join(map(repr, self._served)) or "none"
                raise ParameterError(f"there is no layer {name!r}; there are: {there}")
            del self._served[name]

    def tilesets(self) -> dict[str, Tileset]:
        """Return the tilesets of all layers, by their names such as ``"layer0/mix"``."""
        with self._lock:
            served = list(self._served.values())
        return {name: tileset for one in served for name, tileset in one.tilesets.items()}

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is needed to ask for the layers and to draw them."""
        with self._lock:
            served = list(self._served.values())
        return [
            {
                "id": one.id,
                "name": one.layer.name,
                "info": one.info,
                "limits": list(one.limits),
                "colormap": one.layer.colormap,
            }
            for one in served
        ]
