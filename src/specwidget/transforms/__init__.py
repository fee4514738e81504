"""What turns samples into frames: frozen dataclasses with librosa's names and numbers."""

from specwidget.transforms.base import FrameTransform, Transform
from specwidget.transforms.mel import MelSpectrogram
from specwidget.transforms.parsing import transform_from_json
from specwidget.transforms.stft import Stft
from specwidget.transforms.units import Units

__all__ = ["FrameTransform", "MelSpectrogram", "Stft", "Transform", "Units", "transform_from_json"]
