"""Qwen 3: norms on queries and keys, head_dim apart from hidden / heads, tied head."""

from transformers import Qwen3Config, Qwen3ForCausalLM

from families.decoder import make_decoder

SIZES = dict(vocab=101, hidden=40, layers=2, heads=6, kv_heads=2, head_dim=10, ffn=57, max_len=32)


def make() -> None:
    config = Qwen3Config(
        vocab_size=SIZES["vocab"], hidden_size=SIZES["hidden"], num_hidden_layers=SIZES["layers"],
        num_attention_heads=SIZES["heads"], num_key_value_heads=SIZES["kv_heads"], head_dim=SIZES["head_dim"],
        intermediate_size=SIZES["ffn"], max_position_embeddings=SIZES["max_len"], rms_norm_eps=1e-6,
        rope_theta=1000000.0, tie_word_embeddings=True, attn_implementation="eager",
    )
    case = {"model": "tests/fixtures/qwen3/qwen3.lum", "set": {**SIZES, "T": "f32"}, "tolerance": 1e-4}
    make_decoder("qwen3", Qwen3ForCausalLM(config), 13, case, dropped=("lm_head.weight",))
