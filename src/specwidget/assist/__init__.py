"""Assistants mark what they find in a recording, for a person to accept or reject."""

from specwidget.assist.onsets import FindOnsets
from specwidget.assist.registry import Assistants
from specwidget.assist.results import Row
from specwidget.assist.run import AssistRun
from specwidget.assist.similar import Example, FindSimilar
from specwidget.assist.sound import Sound
from specwidget.assist.sounds import FindSounds

__all__ = [
    "AssistRun",
    "Assistants",
    "Example",
    "FindOnsets",
    "FindSimilar",
    "FindSounds",
    "Row",
    "Sound",
]
