"""The residual network of examples/convnet, in PyTorch: odd images, stride 2, global average pooling."""

import sys

import torch

import fixture

sys.path.insert(0, str(fixture.FIXTURES.parent.parent / "examples" / "convnet" / "train"))
from convnet import ConvNet  # noqa: E402

SIZES = dict(channels=3, size=33, width=5, classes=7)
BATCH = 3


def make() -> None:
    model = ConvNet(SIZES["channels"], SIZES["width"], SIZES["classes"])
    fixture.randomize(model, 17)
    weights = {n: w.clone() for n, w in model.state_dict().items() if "num_batches_tracked" not in n}
    images = torch.randn(BATCH, SIZES["channels"], SIZES["size"], SIZES["size"])
    logits = fixture.as_float64(model)(images.double())
    case = {"model": "examples/convnet/convnet.lum", "set": SIZES, "dims": {"batch": BATCH}, "tolerance": 1e-4}
    fixture.write("resnet", weights, SIZES, {"images": images}, {"logits": logits}, case)
