"""Trains the perceptron of mlp.lum on our own drawn digits, in seconds, and records a check.

Writes beside the example: model.safetensors, x.npy (one image of each digit), logits.npy (what PyTorch says).
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

from digits import dataset

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
HIDDEN = 64


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(196, HIDDEN), torch.nn.GELU(), torch.nn.Linear(HIDDEN, 10))
    images, labels = (torch.from_numpy(a) for a in dataset(12000, 1))
    held_images, held_labels = (torch.from_numpy(a) for a in dataset(2000, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    for epoch in range(12):
        for rows in torch.randperm(len(images)).split(100):
            loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    right = (model(held_images).argmax(1) == held_labels).float().mean().item()
    print(f"{100 * right:.1f} % of the held-out digits are right")

    first, last = model[0], model[2]
    weights = {"w1": first.weight, "b1": first.bias, "w2": last.weight, "b2": last.bias}
    save_file({name: w.detach().contiguous() for name, w in weights.items()}, EXAMPLE / "model.safetensors")
    (EXAMPLE / "model.safetensors").chmod(0o644)
    x = dataset(10, 5)[0]
    with torch.no_grad():
        logits = model.double()(torch.from_numpy(x).double()).float().numpy()
    np.save(EXAMPLE / "x.npy", x)
    np.save(EXAMPLE / "logits.npy", logits)
    print("digits read from x.npy:", logits.argmax(1).tolist())


if __name__ == "__main__":
    main()
