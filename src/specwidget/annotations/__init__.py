"""Annotations of one recording: the columns, the label set, the operations, the table."""

from specwidget.annotations.delta import Change, Source
from specwidget.annotations.frames import to_rows
from specwidget.annotations.labels import PALETTE, Label, LabelSet
from specwidget.annotations.operations import Add, Op, Remove, Scalar, Update, op_from_json
from specwidget.annotations.overlap import POLICIES, Policy
from specwidget.annotations.schema import NAMES, STATUSES, STRING_DTYPE, new_ids
from specwidget.annotations.table import AnnotationTable
from specwidget.annotations.tiers import Locked, Tiers

__all__ = [
    "NAMES",
    "PALETTE",
    "POLICIES",
    "STATUSES",
    "STRING_DTYPE",
    "Add",
    "AnnotationTable",
    "Change",
    "Label",
    "LabelSet",
    "Locked",
    "Op",
    "Policy",
    "Remove",
    "Scalar",
    "Source",
    "Tiers",
    "Update",
    "new_ids",
    "op_from_json",
    "to_rows",
]
