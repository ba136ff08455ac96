// The kernels of Gpt, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.h"
#include "runtime/types.h"

namespace kernels {

void h(const lum::i32* tokens, const float* embed, const float* places, float* h, lum::IndexCheck* check, lum::i64 s, lum::i64 pos);
void a(const float* h, const float* gain, const float* bias, float* a, lum::i64 s);
void attn_qkv(const float* a, const float* w_qkv, const float* b_qkv, float* qkv, void* workspace, lum::i64 s);
void update_k_cache(const float* qkv, float* k_cache, lum::i64 s, lum::i64 l, lum::i64 pos);
void update_v_cache(const float* qkv, float* v_cache, lum::i64 s, lum::i64 l, lum::i64 pos);
void attn_attention_score(const float* qkv, const float* k_cache, float* score, void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l);
void attn_attention_weight_of(const float* score, float* weight_of, lum::i64 s, lum::i64 pos);
void attn_attention_o(const float* weight_of, const float* v_cache, float* o, void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l);
void h_2(const float* o, const float* w_out, const float* h, const float* b_out, float* h_2, void* workspace, lum::i64 s);
void mlp_u(const float* m, const float* w_up, const float* b_up, float* u, void* workspace, lum::i64 s);
void h_3(const float* u, const float* w_down, const float* h, const float* b_down, float* h_2, void* workspace, lum::i64 s);
void z(const float* h, const float* gain, const float* bias, float* z, lum::i64 s);
void logits(const float* z, const float* embed, float* logits, void* workspace);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    h,
    a,
    attn_qkv,
    update_k_cache,
    update_v_cache,
    attn_attention_score,
    attn_attention_weight_of,
    attn_attention_o,
    h_2,
    mlp_u,
    h_3,
    z,
    logits,
};
constexpr int kKernelCount = 13;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::h: return "h";
        case Kernel::a: return "a";
        case Kernel::attn_qkv: return "attn_qkv";
        case Kernel::update_k_cache: return "update_k_cache";
        case Kernel::update_v_cache: return "update_v_cache";
        case Kernel::attn_attention_score: return "attn_attention_score";
        case Kernel::attn_attention_weight_of: return "attn_attention_weight_of";
        case Kernel::attn_attention_o: return "attn_attention_o";
        case Kernel::h_2: return "h_2";
        case Kernel::mlp_u: return "mlp_u";
        case Kernel::h_3: return "h_3";
        case Kernel::z: return "z";
        case Kernel::logits: return "logits";
        default: return "";
    }
}
