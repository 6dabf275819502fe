"""What onnxruntime raises: its errors share no base class of their own."""

from __future__ import annotations

from onnxruntime.capi import onnxruntime_pybind11_state as _states

ORT_ERRORS: tuple[type[Exception], ...] = tuple(
    error
    for name in ("Fail", "InvalidArgument", "NoSuchFile", "InvalidProtobuf", "InvalidGraph", "RuntimeException")
    if isinstance(error := getattr(_states, name, None), type) and issubclass(error, Exception)
)
