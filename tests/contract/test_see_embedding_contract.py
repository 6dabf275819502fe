"""The embedding of pictures, on an encoder made here: it tells a picture's mean colour, in CLIP's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.kernel.settings import Settings, VisionSettings
from visavis.models.engines import Engines
from visavis.see.base import Image
from visavis.see.picture_embedding import DEVIATION, MEAN, OnnxPictures
from visavis.see.sighted import load_sighted

SIDE = 32


def encoder(file: Path, *, shape: tuple[object, ...] = (1, 3, SIDE, SIDE), flat: bool = True) -> Path:
    """Mean of each channel, as (1, 3) or unflattened."""
    nodes = [helper.make_node("GlobalAveragePool", ["pixels"], ["means"])]
    if flat:
        nodes.append(helper.make_node("Flatten", ["means"], ["embeds"]))
    output = helper.make_tensor_value_info("embeds" if flat else "means", TensorProto.FLOAT, None)
    if flat:
        output = helper.make_tensor_value_info("embeds", TensorProto.FLOAT, (1, 3))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "tiny", [pixels], [output])
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), str(file))
    return file


def coloured(red: int, green: int, blue: int, *, height: int = 90, width: int = 160) -> Image:
    image = np.full((height, width, 3), (red, green, blue), np.uint8)
    image[:4, :4] = 255 - image[:4, :4]  # a picture of one colour counts as blank
    return image


async def test_a_picture_becomes_the_unit_vector_of_what_the_encoder_tells(tmp_path: Path) -> None:
    pictures = await OnnxPictures.open(encoder(tmp_path / "tiny-clip.onnx"))
    assert pictures.name == "tiny-clip"
    vector = await pictures.embed(coloured(200, 40, 40))
    wanted = (np.array([200, 40, 40]) / 255 - MEAN) / DEVIATION
    assert vector.shape == (3,) and np.linalg.norm(vector) == pytest.approx(1)
    assert vector == pytest.approx(wanted / np.linalg.norm(wanted), abs=0.03)
    assert float(vector @ await pictures.embed(coloured(205, 42, 41, height=240, width=180))) > 0.99
    assert float(vector @ await pictures.embed(coloured(40, 40, 200))) < 0.5


async def test_open_sizes_are_taken_as_clips(tmp_path: Path) -> None:
    pictures = OnnxPictures(encoder(tmp_path / "open.onnx", shape=("batch", "channels", "height", "width")))
    assert (await pictures.embed(coloured(9, 200, 9))).shape == (3,)


@pytest.mark.parametrize("shape", [(1, SIDE, SIDE), (1, SIDE, SIDE, 3), (1, 1, SIDE, SIDE)])
def test_a_model_that_takes_no_picture_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="no image encoder"):
        OnnxPictures(encoder(tmp_path / "other.onnx", shape=shape))


def test_a_model_without_a_vector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no image encoder"):
        OnnxPictures(encoder(tmp_path / "other.onnx", flat=False))


async def test_what_cannot_be_embedded_is_an_error_of_ours(tmp_path: Path) -> None:
    pictures = OnnxPictures(encoder(tmp_path / "tiny.onnx"))
    with pytest.raises(ProviderError, match="blank"):
        await pictures.embed(np.zeros((90, 160, 3), np.uint8))
    with pytest.raises(ModelError, match="could not be loaded"):
        (tmp_path / "torn.onnx").write_bytes(b"not a model")
        OnnxPictures(tmp_path / "torn.onnx")


async def test_the_setting_loads_it_once_and_here(tmp_path: Path) -> None:
    file = encoder(tmp_path / "tiny.onnx")
    vision = VisionSettings(
        provider="openai", model="m", base_url="http://127.0.0.1:9", ocr="", novelty=str(file), blur=["personal"]
    )
    engines = Engines.of(Settings(vision=vision))
    try:
        sighted = await load_sighted(engines, vision, None)
        assert sighted.novelty is (await load_sighted(engines, vision, None)).novelty
        assert sighted.novelty is not None and not sighted.novelty.remote
        vector = (await sighted.novelty.look(coloured(200, 40, 40))).vector
        assert vector is not None and vector.shape == (3,)
    finally:
        await engines.close()


@pytest.mark.parametrize(
    ("provider", "novelty", "why"),
    [
        ("", "tiny.onnx", "nobody is spared"),
        ("openai", "no.onnx", "there is no file"),
        ("openai", "moondream", "unknown vision"),
        ("openai", "gemini:small", "a key of its own"),
    ],
)
async def test_a_setting_that_names_nobody_is_told_before_the_first_call(
    provider: str, novelty: str, why: str
) -> None:
    vision = VisionSettings(provider=provider, model="m", base_url="http://127.0.0.1:9", ocr="", novelty=novelty)
    engines = Engines.of(Settings(vision=vision))
    try:
        with pytest.raises(ConfigError, match=why):
            await load_sighted(engines, vision, None)
    finally:
        await engines.close()
