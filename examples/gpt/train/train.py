"""Trains the small GPT of this example on tales of our own, on one CPU core.

    pip install -r ../../../tests/oracle/requirements.txt && python train.py

Writes beside the example: tokenizer.json, tokenizer_config.json, config.json, model.safetensors;
and here: loss.csv. Seeds are fixed; another build of PyTorch may still round differently.
"""

import csv
import pathlib
import random
import re
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

from muon import Muon
from tales import END, tales

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
VOCAB, CONTEXT = 1536, 256
ROWS = 12  # rows of CONTEXT tokens in a step
TRAIN_TALES, HELD_OUT_TALES = 9300, 200
BEGUN_LATE = 0.25  # share of the tales that lose their first sentences
MATRIX_RATE, OTHER_RATE, WARMUP = 0.02, 4e-3, 40
SEED = 20


def train_tokenizer(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def rows_of(texts: list[str], tokenizer: Tokenizer) -> torch.Tensor:
    """[tales, CONTEXT + 1]: each row begins where a tale begins, so that position 0 is a beginning.

    Tales that do not fit the context are left out: the model shall see every ending.
    """
    end = tokenizer.token_to_id(END)
    encoded = [one.ids + [end] for one in tokenizer.encode_batch(texts)]
    encoded = [tale for tale in encoded if len(tale) <= CONTEXT]
    stream = torch.tensor([token for tale in encoded for token in tale], dtype=torch.int16)
    starts = torch.tensor([0] + [len(tale) for tale in encoded]).cumsum(0)
    return torch.stack([stream[s : s + CONTEXT + 1] for s in starts if s + CONTEXT < len(stream)])


def begun_late(texts: list[str]) -> list[str]:
    """Some tales begin at a later sentence, so that the model can go on from other words than an opening's."""
    rng = random.Random(SEED)
    return [text if rng.random() >= BEGUN_LATE else text[rng.choice(_sentences(text)) :] for text in texts]


def _sentences(text: str) -> list[int]:
    """Where the sentences of the first half begin."""
    return [found.end() for found in re.finditer(r'[.!?]"?\s+', text[: len(text) // 2])]


def configuration() -> GPT2Config:
    return GPT2Config(
        vocab_size=VOCAB, n_positions=CONTEXT, n_embd=160, n_layer=5, n_head=5,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, activation_function="gelu_pytorch_tanh",
        bos_token_id=0, eos_token_id=0,
    )


def share_of_rate(step: int, steps: int) -> float:
    """Warm up, hold, and go down in a straight line over the second half."""
    return min(1.0, (step + 1) / WARMUP, 2 * (steps - step) / steps)


def loss_of(model: GPT2LMHeadModel, rows: torch.Tensor) -> torch.Tensor:
    rows = rows.long()
    logits = model(rows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())


def optimizers(model: GPT2LMHeadModel) -> list[torch.optim.Optimizer]:
    hidden = [p for p in model.transformer.h.parameters() if p.dim() == 2]
    chosen = {id(p) for p in hidden}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        Muon(hidden, lr=MATRIX_RATE, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def update(chosen: list[torch.optim.Optimizer], model: GPT2LMHeadModel, share: float) -> None:
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer, rate in zip(chosen, (MATRIX_RATE, OTHER_RATE)):
        optimizer.param_groups[0]["lr"] = rate * share
        optimizer.step()
        optimizer.zero_grad()


def train() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    texts, held_out = tales(TRAIN_TALES, SEED), tales(HELD_OUT_TALES, SEED + 1)
    tokenizer = train_tokenizer(texts[:4000])
    tokenizer.save(str(EXAMPLE / "tokenizer.json"))
    rows = rows_of(begun_late(texts), tokenizer)
    rows = rows[torch.randperm(len(rows))]
    check = rows_of(held_out, tokenizer)[:32]
    model = GPT2LMHeadModel(configuration())
    chosen = optimizers(model)
    steps = len(rows) // ROWS
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {steps} steps", flush=True)

    began, curve = time.time(), []
    for step in range(steps):
        loss = loss_of(model, rows[step * ROWS : (step + 1) * ROWS])
        loss.backward()
        update(chosen, model, share_of_rate(step, steps))
        if step % 25 == 0 or step == steps - 1:
            with torch.no_grad():
                held = loss_of(model, check).item()
            curve.append((step, round(loss.item(), 4), round(held, 4)))
            print(*curve[-1], f"{time.time() - began:.0f}s", flush=True)
            write_curve(curve)
        if step % 100 == 99 or step == steps - 1:
            save(model)


def save(model: GPT2LMHeadModel) -> None:
    model.save_pretrained(EXAMPLE)
    (EXAMPLE / "generation_config.json").unlink(missing_ok=True)
    (EXAMPLE / "model.safetensors").chmod(0o644)


def write_curve(curve: list[tuple[int, float, float]]) -> None:
    with open(pathlib.Path(__file__).parent / "loss.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("step", "training_loss", "held_out_loss"))
        writer.writerows(curve)


if __name__ == "__main__":
    train()
