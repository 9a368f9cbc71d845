"""Trained modules to the forms that others read: one form a file, one row here. Only these files import torch."""

from __future__ import annotations

from wenlu.base.table import Table

EXPORTS = Table("export", {"onnx": "wenlu.bundle.export.onnx:export_onnx"})
