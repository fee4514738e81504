"""Annotations of one recording: the columns, the label set, the operations, the table."""
