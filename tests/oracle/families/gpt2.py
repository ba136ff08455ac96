"""GPT-2: learned positions, LayerNorm before each block, tanh GELU, fused qkv stored as [in, out], tied head."""

from transformers import GPT2Config, GPT2LMHeadModel

from families.decoder import make_decoder

SIZES = dict(vocab=97, hidden=36, layers=3, heads=3, max_len=29)


def make() -> None:
    config = GPT2Config(
        vocab_size=SIZES["vocab"], n_embd=SIZES["hidden"], n_layer=SIZES["layers"], n_head=SIZES["heads"],
        n_positions=SIZES["max_len"], attn_implementation="eager", bos_token_id=0, eos_token_id=0,
    )
    case = {"model": "examples/gpt/gpt.lum", "set": SIZES, "tolerance": 1e-4}
    make_decoder("gpt2", GPT2LMHeadModel(config), 12, case, dropped=("lm_head.weight",))
