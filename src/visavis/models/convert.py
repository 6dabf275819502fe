"""Making an int8 recogniser out of the published one, once, when it is pulled.

The vendor's file is quantised in a way that one CPU thread runs ten times slower than need be: each decoding step
unpacks the weights anew. Folding that into plain weights and quantising the matrix products per output channel
gives the same words at a fraction of the time.
"""

from __future__ import annotations

import importlib.util
import logging
from importlib import metadata
from pathlib import Path
from typing import Any

from visavis.kernel.errors import ModelError
from visavis.models.archive import hash_file
from visavis.models.manifest import Model
from visavis.models.verified import Conversion

CONVERTERS = ("onnx", "onnxruntime")


def missing_converters(model: Model) -> list[str]:
    """Packages that the model's conversion needs and that are not installed; empty for a model without one."""
    return [name for name in CONVERTERS if importlib.util.find_spec(name) is None] if model.convert else []


def require_converter(model: Model) -> None:
    """Raises ModelError, with the command that helps, when what the conversion needs is not installed."""
    if missing := missing_converters(model):
        raise ModelError(
            f"{model.name} is converted once when it is pulled, which needs {' and '.join(missing)}",
            stage="setup",
            hint="pip install 'visavis[convert]'",
        )


def convert(model: Model, source: Path, target: Path) -> Conversion:
    """Write the model's converted files from its verified ingredients. Blocking: about 15 s on one core.

    The same versions of the converters give the same bytes; the record says which were used and what came out.
    """
    versions = {name: metadata.version(name) for name in CONVERTERS}
    for file in model.files:
        if file.converted:
            _to_int8(source / Path(file.name).with_suffix(".ort"), target / file.name)
    return Conversion(
        recipe=model.convert,
        versions=versions,
        ingredients={file.name: file.sha256 for file in model.ingredients},
        outputs={file.name: hash_file(target / file.name) for file in model.files if file.converted},
    )


def _to_int8(source: Path, target: Path) -> None:
    import onnx
    from onnxruntime import GraphOptimizationLevel as Level
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain, folded = target.with_suffix(".plain"), target.with_suffix(".folded")
    quantiser_log = logging.getLogger()
    level = quantiser_log.level
    quantiser_log.setLevel(logging.ERROR)  # it advises a preparation step that has just been done
    try:
        _save_graph(source, plain, Level.ORT_DISABLE_ALL)
        graph = onnx.load(str(plain))
        _name_graphs(graph.graph, "g")
        onnx.save(graph, str(plain))
        _save_graph(plain, folded, Level.ORT_ENABLE_BASIC)
        quantize_dynamic(
            str(folded), str(target), op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8,
            extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
        )  # fmt: skip
    finally:
        quantiser_log.setLevel(level)
        plain.unlink(missing_ok=True)
        folded.unlink(missing_ok=True)


def _save_graph(source: Path, target: Path, level: Any) -> None:
    """What onnxruntime makes of `source` at this optimisation level, as an ONNX file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _name_graphs(graph: Any, name: str) -> None:
    """Give the branches of `If` nodes names: the quantiser refuses graphs without one."""
    graph.name = graph.name or name
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _name_graphs(attribute.g, name + attribute.name)
