"""Trains the network of convnet.lum on our own drawn shapes, in minutes, and records a check.

Writes beside the example: model.safetensors, images.npy (one of each shape), logits.npy (what PyTorch says).
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

from convnet import ConvNet
from shapes import NAMES, dataset

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
WIDTH, ROWS, STEPS, PEAK_RATE = 12, 32, 180, 6e-3


def accuracy(model: ConvNet, images: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(part).argmax(1) for part in images.split(50)])
    model.train()
    return (found == labels).float().mean().item()


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = ConvNet(3, WIDTH, len(NAMES))
    images, labels = (torch.from_numpy(a) for a in dataset(ROWS * STEPS, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=STEPS)
    for step, rows in enumerate(torch.randperm(len(images)).split(ROWS)):
        loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 30 == 0:
            print(step, round(loss.item(), 3), flush=True)
    right = accuracy(model, *(torch.from_numpy(a) for a in dataset(400, 2)))
    print(f"{100 * right:.1f} % of the held-out shapes are right")

    state = {n: w.contiguous() for n, w in model.state_dict().items() if "num_batches_tracked" not in n}
    save_file(state, EXAMPLE / "model.safetensors")
    (EXAMPLE / "model.safetensors").chmod(0o644)
    example = dataset(len(NAMES), 3)[0]
    with torch.no_grad():
        logits = model.eval().double()(torch.from_numpy(example).double()).float().numpy()
    np.save(EXAMPLE / "images.npy", example)
    np.save(EXAMPLE / "logits.npy", logits)
    print("shapes read from images.npy:", [NAMES[k] for k in logits.argmax(1)])


if __name__ == "__main__":
    main()
