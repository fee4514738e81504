"""What turns samples into frames: frozen dataclasses with librosa's names and numbers."""

from specwidget.transforms.base import FrameTransform, Transform
from specwidget.transforms.chroma import Chroma
from specwidget.transforms.constantq import Cqt, Vqt
from specwidget.transforms.frames import Frames
from specwidget.transforms.function import FromFunction
from specwidget.transforms.mel import MelSpectrogram
from specwidget.transforms.mfcc import Mfcc
from specwidget.transforms.parsing import transform_from_json
from specwidget.transforms.pcen import Pcen
from specwidget.transforms.reassigned import Reassigned
from specwidget.transforms.stft import Stft
from specwidget.transforms.units import Units

__all__ = [
    "Chroma",
    "Cqt",
    "FrameTransform",
    "Frames",
    "FromFunction",
    "MelSpectrogram",
    "Mfcc",
    "Pcen",
    "Reassigned",
    "Stft",
    "Transform",
    "Units",
    "Vqt",
    "transform_from_json",
]
