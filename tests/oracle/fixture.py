"""What all families share: weights that are not degenerate, a forward pass in float64, the files.

A fixture is a folder with
  config.json          the configuration, as the family's own library writes it
  model.safetensors    random weights in float32, under the names of real checkpoints
  bf16/                for decoders, the same weights in bf16
  io.safetensors       the inputs and the expected outputs, by the names in the .lum file
  <input>.npy          the inputs once more, for the command line
  case.json            the checkpoint if it is elsewhere, the .lum file, the values for --set, the dims, the tolerance
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"


def randomize(model: torch.nn.Module, seed: int, norm_offset: float = 1.0) -> None:
    """Draws every parameter and buffer of statistics, so that each of them matters to the output.

    Matrices keep the scale of what passes through them, gains vary around `norm_offset` (0 for norms that
    multiply by 1 + weight), biases are not zero. Values are those that bf16 has, so that the same model can be
    stored in bf16 and what its outputs lose is lost on the way, not in the weights.
    """
    torch.manual_seed(seed)
    statistics = [(name, b) for name, b in model.named_buffers() if "running_" in name]
    for name, tensor in [*model.named_parameters(), *statistics]:
        tensor.data.copy_(_drawn(name, tensor, norm_offset).bfloat16())


def _drawn(name: str, tensor: torch.Tensor, norm_offset: float) -> torch.Tensor:
    noise = torch.randn(tensor.shape)
    if name.endswith("running_var"):
        return 0.5 + torch.rand(tensor.shape)
    if tensor.dim() < 2:
        is_gain = name.endswith("weight") or name.endswith("gain")
        return norm_offset + 0.3 * noise if is_gain else 0.2 * noise
    if "emb" in name or "wte" in name or "wpe" in name:
        return 0.6 * noise
    conv1d = name.endswith(("c_attn.weight", "c_fc.weight", "c_proj.weight"))
    fan_in = tensor.shape[0] if conv1d else tensor[0].numel()
    return 0.9 * noise / fan_in**0.5


def as_float64(model: torch.nn.Module) -> torch.nn.Module:
    return model.double().eval()


def tokens(count: int, vocab: int, seed: int) -> torch.Tensor:
    """[count] i32, the first and the last token of the vocabulary among them."""
    drawn = torch.randint(0, vocab, (count,), generator=torch.Generator().manual_seed(seed), dtype=torch.int32)
    drawn[1], drawn[-2] = vocab - 1, 0
    return drawn


def write(
    family: str,
    weights: dict[str, torch.Tensor] | None,
    config: dict[str, object] | None,
    inputs: dict[str, torch.Tensor],
    outputs: dict[str, torch.Tensor],
    case: dict[str, object],
    in_bf16: bool = False,
) -> None:
    folder = FIXTURES / family
    folder.mkdir(parents=True, exist_ok=True)
    if weights is not None:
        stored = {n: w.detach().float().contiguous() for n, w in weights.items()}
        save_file(stored, folder / "model.safetensors", {"format": "pt"})
        if in_bf16:
            (folder / "bf16").mkdir(exist_ok=True)
            narrow = {n: w.bfloat16() for n, w in stored.items()}
            save_file(narrow, folder / "bf16" / "model.safetensors", {"format": "pt"})
    expected = {n: v.detach().float().contiguous() for n, v in outputs.items()}
    save_file({**inputs, **expected}, folder / "io.safetensors")
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)
    for name, value in inputs.items():
        np.save(folder / f"{name}.npy", value.numpy())
    if config is not None:
        _write_json(folder / "config.json", config)
    _write_json(folder / "case.json", case)
    sizes = {name: tuple(value.shape) for name, value in outputs.items()}
    spread = {name: round(value.std().item(), 3) for name, value in outputs.items()}
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    print(family, size, "bytes", sizes, "std", spread)


def _write_json(path: pathlib.Path, value: dict[str, object]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
