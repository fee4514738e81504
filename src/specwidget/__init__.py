"""Look at sound and label it, inside a notebook.

`SpecWidget` shows a recording as waveform and spectrogram; its annotations are a pandas DataFrame.
"""

from __future__ import annotations

from specwidget import samples
from specwidget.annotations import AnnotationTable, Change, Label, LabelSet
from specwidget.assist import AssistRun, FindOnsets, FindSimilar, FindSounds
from specwidget.audio import AudioSource, open_audio
from specwidget.errors import (
    AnnotationError,
    AudioDataError,
    AudioFileError,
    ParameterError,
    ParameterTypeError,
    ProtocolError,
    SpecWidgetError,
    TransformError,
)
from specwidget.measurements import measure
from specwidget.transforms import (
    Chroma,
    Cqt,
    Frames,
    FromFunction,
    MelSpectrogram,
    Mfcc,
    Pcen,
    Reassigned,
    Stft,
    Transform,
    Vqt,
)
from specwidget.widget import SpecWidget

__version__ = "0.1.0"

__all__ = [
    "AnnotationError",
    "AnnotationTable",
    "AssistRun",
    "AudioDataError",
    "AudioFileError",
    "AudioSource",
    "Change",
    "Chroma",
    "Cqt",
    "FindOnsets",
    "FindSimilar",
    "FindSounds",
    "Frames",
    "FromFunction",
    "Label",
    "LabelSet",
    "MelSpectrogram",
    "Mfcc",
    "ParameterError",
    "ParameterTypeError",
    "Pcen",
    "ProtocolError",
    "Reassigned",
    "SpecWidget",
    "SpecWidgetError",
    "Stft",
    "Transform",
    "TransformError",
    "Vqt",
    "measure",
    "open_audio",
    "samples",
]
