"""Where samples come from: arrays, files, or anything with `read`."""

from specwidget.audio.open import open_audio
from specwidget.audio.source import (
    AudioSource,
    ChannelSpec,
    channel_data,
    check_channel,
    read_channel,
)

__all__ = [
    "AudioSource",
    "ChannelSpec",
    "channel_data",
    "check_channel",
    "open_audio",
    "read_channel",
]
