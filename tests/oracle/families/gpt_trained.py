"""The trained model of examples/gpt: what PyTorch says after a prompt, and the 32 tokens that follow greedily."""

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

import fixture
from families.decoder import greedy_tokens

EXAMPLE = fixture.FIXTURES.parent.parent / "examples" / "gpt"
PROMPT = "Once upon a time, in a village by the sea,"


def make() -> None:
    """The weights stay in the example: this fixture holds no model of its own."""
    model = GPT2LMHeadModel.from_pretrained(EXAMPLE, attn_implementation="eager").double().eval()
    tokenizer = Tokenizer.from_file(str(EXAMPLE / "tokenizer.json"))
    ids = torch.tensor(tokenizer.encode(PROMPT).ids, dtype=torch.int32)
    logits = model(ids.long()[None]).logits[0]
    greedy = greedy_tokens(model, ids, 32)
    case = {
        "model": "examples/gpt/gpt.lum", "weights": "examples/gpt/model.safetensors", "set": {},
        "dims": {"s": len(ids), "pos": 0}, "tolerance": 1e-4,
        "prompt": PROMPT, "greedy": greedy, "greedy_text": tokenizer.decode(greedy),
    }
    outputs = {"logits": logits, "last_logits": logits[-1]}
    fixture.write("gpt-trained", None, None, {"tokens": ids}, outputs, case)
