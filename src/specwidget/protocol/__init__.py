"""Messages between kernel and front end, version 1.

The fixtures in ``tests/protocol`` are run by the tests of both languages.
"""

from specwidget.protocol.incoming import (
    AudioGet,
    Edit,
    Hello,
    History,
    HistoryGet,
    Key,
    Message,
    Ping,
    TilesCancel,
    TilesGet,
    TransformSet,
    ValueGet,
)
from specwidget.protocol.outgoing import (
    ErrorCode,
    annotations_patch,
    annotations_snapshot,
    audio_data,
    edit_reject,
    error,
    history_data,
    ok,
    progress,
    tile_data,
    value,
)
from specwidget.protocol.parsing import (
    MAX_AUDIO_SAMPLES,
    MAX_KEYS,
    MAX_OPS,
    MAX_TEXT,
    VERSION,
    parse_message,
    request_id,
)

__all__ = [
    "MAX_AUDIO_SAMPLES",
    "MAX_KEYS",
    "MAX_OPS",
    "MAX_TEXT",
    "VERSION",
    "AudioGet",
    "Edit",
    "ErrorCode",
    "Hello",
    "History",
    "HistoryGet",
    "Key",
    "Message",
    "Ping",
    "TilesCancel",
    "TilesGet",
    "TransformSet",
    "ValueGet",
    "annotations_patch",
    "annotations_snapshot",
    "audio_data",
    "edit_reject",
    "error",
    "history_data",
    "ok",
    "parse_message",
    "progress",
    "request_id",
    "tile_data",
    "value",
]
