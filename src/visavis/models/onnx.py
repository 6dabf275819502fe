"""Opening ONNX models: one thread each, because the compute scheduler's threads are the parallelism."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _states

from visavis.kernel.errors import ModelError

ORT_ERRORS: tuple[type[Exception], ...] = (
    _states.Fail,
    _states.InvalidArgument,
    _states.InvalidGraph,
    _states.InvalidProtobuf,
    _states.NoModel,
    _states.NoSuchFile,
    _states.NotImplemented,
    _states.RuntimeException,
)
"""What onnxruntime raises; its errors have no common ancestor of their own."""


def open_session(path: Path) -> Any:
    """An `onnxruntime.InferenceSession` for the model at `path`; blocking. Raises ModelError when it cannot load."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: the models' harmless warnings would fill the terminal
    # A thread that spins while it waits for work burns the core that another engine needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except ORT_ERRORS as error:
        raise ModelError(
            f"the model file {path.name} could not be loaded: {error}",
            stage="setup",
            hint="visavis models verify checks the files, visavis models pull fetches them again",
        ) from error


def model_file(directory: Path, stem: str) -> Path:
    """`stem` as `.onnx`, or as `.ort` (onnxruntime's own format), whichever `directory` holds."""
    for suffix in (".onnx", ".ort"):
        if (path := directory / f"{stem}{suffix}").is_file():
            return path
    raise ModelError(
        f"{directory.name} has no {stem}.onnx or {stem}.ort",
        stage="setup",
        hint=f"visavis models pull {directory.name}",
    )
