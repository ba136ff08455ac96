"""Gemma 2: every other layer looks back through a sliding window; soft caps; norms around each block."""

from transformers import Gemma2Config, Gemma2ForCausalLM

from families.decoder import make_decoder

SIZES = dict(vocab=89, hidden=40, layers=4, heads=4, kv_heads=2, head_dim=10, ffn=51, window=5, max_len=32)
CAPS = dict(query_scale=7, attention_cap=4.0, logit_cap=20.0)


def make() -> None:
    config = Gemma2Config(
        vocab_size=SIZES["vocab"], hidden_size=SIZES["hidden"], num_hidden_layers=SIZES["layers"],
        num_attention_heads=SIZES["heads"], num_key_value_heads=SIZES["kv_heads"], head_dim=SIZES["head_dim"],
        intermediate_size=SIZES["ffn"], sliding_window=SIZES["window"], max_position_embeddings=SIZES["max_len"],
        query_pre_attn_scalar=CAPS["query_scale"], attn_logit_softcapping=CAPS["attention_cap"],
        final_logit_softcapping=CAPS["logit_cap"], attn_implementation="eager",
    )
    settings = {**SIZES, **CAPS, "T": "f32"}
    case = {"model": "tests/fixtures/gemma2/gemma2.lum", "set": settings, "tolerance": 1e-4}
    make_decoder("gemma2", Gemma2ForCausalLM(config), 14, case, norm_offset=0.0, dropped=("lm_head.weight",))
