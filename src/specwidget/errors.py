"""The exceptions of specwidget.

Every one derives from `SpecWidgetError`, and also from the built-in exception a caller would
expect to catch. A message names the argument, the value, and the way out.
"""

from __future__ import annotations

__all__ = [
    "AnnotationError",
    "AudioDataError",
    "AudioFileError",
    "AudioUnavailableError",
    "ParameterError",
    "ParameterTypeError",
    "ProtocolError",
    "SpecWidgetError",
    "TransformError",
]


class SpecWidgetError(Exception):
    """Base class of every exception that specwidget raises on purpose."""


class ParameterError(SpecWidgetError, ValueError):
    """An argument has the right type and a value that makes no sense."""


class ParameterTypeError(SpecWidgetError, TypeError):
    """An argument has a type that cannot be used, or is not known at all."""


class TransformError(SpecWidgetError, RuntimeError):
    """A function or an array of the user's own cannot be shown; it says whose, and why."""


class AudioFileError(SpecWidgetError, OSError):
    """An audio file is missing, unreadable, or not audio."""


class AudioUnavailableError(AudioFileError):
    """A recording cannot be read at present: the next try may succeed."""


class AudioDataError(SpecWidgetError, ValueError):
    """An array of samples has a shape, type or rate that is not audio."""


class AnnotationError(SpecWidgetError, ValueError):
    """An annotation, or a change of annotations, makes no sense; nothing was changed."""


class ProtocolError(SpecWidgetError, ValueError):
    """A message from the other side is not of the protocol.

    Attributes
    ----------
    code : str
        The code of the ``error`` message that answers it, such as ``"bad-message"``.
    """

    def __init__(self, message: str, *, code: str = "bad-message") -> None:
        super().__init__(message)
        self.code = code
