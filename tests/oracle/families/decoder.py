"""What decoders share: one sequence of tokens in, logits at every position out."""

import torch

import fixture

LENGTH = 13
DECODER_NOTE = "logits: one row for each position; the model returns the last row of what it was given"


def make_decoder(
    family: str,
    model: torch.nn.Module,
    seed: int,
    case: dict[str, object],
    norm_offset: float = 1.0,
    dropped: tuple[str, ...] = (),
    length: int = LENGTH,
) -> None:
    """`dropped` are names in the state dict that checkpoints of this family do not hold (tied heads)."""
    fixture.randomize(model, seed, norm_offset)
    model.tie_weights()
    weights = {n: w.clone() for n, w in model.state_dict().items() if n not in dropped}
    ids = fixture.tokens(length, model.config.vocab_size, seed)
    logits = fixture.as_float64(model)(ids.long()[None]).logits[0]
    greedy = greedy_tokens(model, ids, 8)
    fixture.write(
        family,
        weights,
        model.config.to_diff_dict(),
        {"tokens": ids},
        {"logits": logits, "last_logits": logits[-1]},
        {**case, "dims": {"s": length, "pos": 0}, "greedy": greedy, "note": DECODER_NOTE},
        in_bf16=True,
    )


def greedy_tokens(model: torch.nn.Module, ids: torch.Tensor, count: int) -> list[int]:
    """The next `count` tokens, each the most likely one after all before it."""
    sequence = ids.long()[None]
    for _ in range(count):
        following = model(sequence).logits[0, -1].argmax()
        sequence = torch.cat([sequence, following[None, None]], dim=1)
    return sequence[0, len(ids) :].tolist()
