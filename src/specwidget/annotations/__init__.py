"""Annotations of one recording: the columns, the label set, the operations, the table."""

from specwidget.annotations.delta import Change, Source
from specwidget.annotations.frames import to_rows
from specwidget.annotations.labels import PALETTE, Label, LabelSet
from specwidget.annotations.operations import Add, Op, Remove, Scalar, Update, op_from_json
from specwidget.annotations.schema import NAMES, STATUSES, STRING_DTYPE, new_ids
from specwidget.annotations.table import AnnotationTable

__all__ = [
    "NAMES",
    "PALETTE",
    "STATUSES",
    "STRING_DTYPE",
    "Add",
    "AnnotationTable",
    "Change",
    "Label",
    "LabelSet",
    "Op",
    "Remove",
    "Scalar",
    "Source",
    "Update",
    "new_ids",
    "op_from_json",
    "to_rows",
]
