"""Muon in float32: momentum whose matrices are made nearly orthogonal before each step.

After K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). PyTorch has
one of its own, but that iterates in bfloat16, which a CPU without bfloat16 units computes slowly.
"""

import torch

# Coefficients of the quintic Newton-Schulz step, from the note named above.
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonalized(matrix: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """[n, m] with all singular values brought close to one."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, params: list[torch.Tensor], lr: float, momentum: float, weight_decay: float):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                self._update(weight, group)

    def _update(self, weight: torch.Tensor, group: dict[str, float]) -> None:
        state = self.state[weight]
        average = state.setdefault("average", torch.zeros_like(weight))
        average.lerp_(weight.grad, 1 - group["momentum"])
        direction = orthogonalized(weight.grad.lerp(average, group["momentum"]))
        # Conv1D keeps [in, out]; a wider output than input asks for a larger step.
        scale = max(1.0, weight.shape[1] / weight.shape[0]) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(direction, alpha=-group["lr"] * scale)
