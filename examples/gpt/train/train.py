"""Trains the small GPT of this example on tales of our own, on one CPU core.

    pip install -r ../../../tests/oracle/requirements.txt && python train.py && python train.py --more

Writes beside the example: tokenizer.json, tokenizer_config.json, config.json, model.safetensors;
and here: loss.csv. `--more` goes on from there with other tales at a lower rate: the first round learns
words and plots, the second who is who (names are repeated rightly only once the steps are small).
Seeds are fixed; another build of PyTorch may still round differently.
"""

import csv
import pathlib
import random
import re
import sys
import time
from collections.abc import Callable

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

import world
from muon import Muon
from tales import END, tales

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
CURVE = EXAMPLE / "train" / "loss.csv"
Curve = list[tuple[int, float, float]]  # step, loss of its rows, loss of held-out rows
VOCAB, CONTEXT = 1536, 256
ROWS = 12  # rows of CONTEXT tokens in a step
FIRST_TALES, MORE_TALES, HELD_OUT_TALES = 6700, 4400, 200
MORE_TOP = 0.3  # share of the rates that the second round begins with
REPEAT_WEIGHT = 6.0  # what a name or treasure counts in the second round when it comes up again
BEGUN_LATE = 0.25  # share of the tales that lose their first sentences
MATRIX_RATE, OTHER_RATE, WARMUP = 0.02, 1.5e-3, 40
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


def fresh_model() -> GPT2LMHeadModel:
    """Embeddings begin wide apart. From GPT-2's 0.02, names, which all stand in the same places, grow so alike
    before anything tells them apart that the model never learns to repeat the right one."""
    model = GPT2LMHeadModel(configuration())
    torch.nn.init.normal_(model.transformer.wte.weight, std=0.12)
    return model


def saved_model() -> GPT2LMHeadModel:
    return GPT2LMHeadModel.from_pretrained(EXAMPLE).train()


def share_of_rate(step: int, steps: int) -> float:
    """Warm up, hold, and go down in a straight line over the second half."""
    return min(1.0, (step + 1) / WARMUP, 2 * (steps - step) / steps)


def losses_of(model: GPT2LMHeadModel, rows: torch.Tensor) -> torch.Tensor:
    """[rows, CONTEXT]: cross entropy of each token."""
    rows = rows.long()
    return torch.nn.functional.cross_entropy(model(rows[:, :-1]).logits.transpose(1, 2), rows[:, 1:], reduction="none")


def weights_of(rows: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """[rows, CONTEXT]: REPEAT_WEIGHT for a token of `kept` that stands earlier in its row, 1 elsewhere."""
    earlier = (rows[:, 1:, None] == rows[:, None, :-1]).tril().any(2)
    return 1.0 + (REPEAT_WEIGHT - 1.0) * (earlier & torch.isin(rows[:, 1:], kept))


def kept_tokens(tokenizer: Tokenizer) -> torch.Tensor:
    """Tokens of what a tale draws once and then holds on to: names and treasures."""
    names = world.GIRLS + world.BOYS + [animal[0] for animal in world.ANIMALS]
    words = names + [word for treasure in world.TREASURES for word in treasure[0].split()]
    return torch.tensor(sorted({token for word in words for token in tokenizer.encode(" " + word).ids}), dtype=torch.int16)


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


def train(start: Callable[[], GPT2LMHeadModel], texts: list[str], tokenizer: Tokenizer, top: float, curve: Curve) -> None:
    """One round over the texts with the model that `start` gives; `top` is the highest share of the rates.

    A round after the first weights what a tale holds on to. The curve is without weights.
    """
    rows = rows_of(begun_late(texts), tokenizer)
    rows = rows[torch.randperm(len(rows))]
    check = rows_of(tales(HELD_OUT_TALES, SEED + 1), tokenizer)[:16]
    model = start()
    chosen, kept = optimizers(model), kept_tokens(tokenizer)
    steps, done = len(rows) // ROWS, curve[-1][0] + 1 if curve else 0
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {steps} steps", flush=True)

    began = time.time()
    for step in range(steps):
        part = rows[step * ROWS : (step + 1) * ROWS]
        losses = losses_of(model, part)
        weights = weights_of(part, kept) if done else torch.ones_like(losses)
        ((losses * weights).sum() / weights.sum()).backward()
        update(chosen, model, top * share_of_rate(step, steps))
        if step % 25 == 0 or step == steps - 1:
            with torch.no_grad():
                held = losses_of(model, check).mean().item()
            curve.append((done + step, round(losses.mean().item(), 4), round(held, 4)))
            print(*curve[-1], f"{time.time() - began:.0f}s", flush=True)
            write_curve(curve)
        if step % 50 == 49 or step == steps - 1:
            save(model)


def save(model: GPT2LMHeadModel) -> None:
    model.save_pretrained(EXAMPLE)
    (EXAMPLE / "generation_config.json").unlink(missing_ok=True)
    (EXAMPLE / "model.safetensors").chmod(0o644)


def write_curve(curve: Curve) -> None:
    with open(CURVE, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("step", "training_loss", "held_out_loss"))
        writer.writerows(curve)


def read_curve() -> Curve:
    with open(CURVE, newline="") as file:
        return [(int(step), float(loss), float(held)) for step, loss, held in list(csv.reader(file))[1:]]


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    if sys.argv[1:] == ["--more"]:
        torch.manual_seed(SEED + 2)
        tokenizer = Tokenizer.from_file(str(EXAMPLE / "tokenizer.json"))
        train(saved_model, tales(MORE_TALES, SEED + 2), tokenizer, MORE_TOP, read_curve())
    else:
        texts = tales(FIRST_TALES, SEED)
        tokenizer = train_tokenizer(texts[:4000])
        tokenizer.save(str(EXAMPLE / "tokenizer.json"))
        train(fresh_model, texts, tokenizer, 1.0, [])


if __name__ == "__main__":
    main()
