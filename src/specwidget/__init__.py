"""Look at sound and label it, inside a notebook.

`SpecWidget` shows a recording as waveform and spectrogram; its annotations are a pandas DataFrame.
"""

from __future__ import annotations

from specwidget import samples
from specwidget.annotations import AnnotationTable, Change, Label, LabelSet
from specwidget.audio import AudioSource, open_audio
from specwidget.errors import (
    AnnotationError,
    AudioDataError,
    AudioFileError,
    ParameterError,
    ParameterTypeError,
    ProtocolError,
    SpecWidgetError,
)
from specwidget.transforms import MelSpectrogram, Stft, Transform
from specwidget.widget import SpecWidget

__version__ = "0.1.0"

__all__ = [
    "AnnotationError",
    "AnnotationTable",
    "AudioDataError",
    "AudioFileError",
    "AudioSource",
    "Change",
    "Label",
    "LabelSet",
    "MelSpectrogram",
    "ParameterError",
    "ParameterTypeError",
    "ProtocolError",
    "SpecWidget",
    "SpecWidgetError",
    "Stft",
    "Transform",
    "open_audio",
    "samples",
]
