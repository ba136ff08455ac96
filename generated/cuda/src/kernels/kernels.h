// The kernels of Llama, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.cuh"
#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void h(const lum::i32* tokens, const lum::bf16* embed, lum::bf16* h, const Dims* dims, lum::IndexCheck* check);
__global__ void self_attn_rope_freq(float* freq);
__global__ void self_attn_rope_low_cos(const float* freq, float* low_cos, const Dims* dims);
__global__ void self_attn_rope_low_sin(const float* freq, float* low_sin, const Dims* dims);
__global__ void x(const lum::bf16* h, const lum::bf16* attention_norm, lum::bf16* x, const Dims* dims);
__global__ void self_attn_q(const lum::bf16* x, const lum::bf16* wq, lum::bf16* q, const Dims* dims);
__global__ void self_attn_k(const lum::bf16* x, const lum::bf16* wk, lum::bf16* k, const Dims* dims);
__global__ void self_attn_attention_score_part(const lum::bf16* q, const float* low_cos, const float* low_sin, lum::bf16* score_part, const Dims* dims);
__global__ void update_k_cache(const lum::bf16* k, const float* low_cos, const float* low_sin, lum::bf16* k_cache, const Dims* dims, int l);
__global__ void update_v_cache(const lum::bf16* x, const lum::bf16* wv, lum::bf16* v_cache, const Dims* dims, int l);
__global__ void self_attn_attention_o(const lum::bf16* score_part, const lum::bf16* k_cache, const lum::bf16* v_cache, lum::bf16* o, const Dims* dims, int l);
__global__ void h_2(const lum::bf16* o, const lum::bf16* wo, const lum::bf16* h, lum::bf16* h_2, const Dims* dims);
__global__ void mlp_g_part(const lum::bf16* y, const lum::bf16* w_gate, float* g_part, const Dims* dims);
__global__ void mlp_g(const lum::bf16* y, const lum::bf16* w_up, const float* g_part, lum::bf16* g, const Dims* dims);
__global__ void h_3(const lum::bf16* g, const lum::bf16* w_down, const lum::bf16* h, lum::bf16* h_2, const Dims* dims);
__global__ void z(const lum::bf16* h, const lum::bf16* norm, lum::bf16* z, const Dims* dims);
__global__ void logits(const lum::bf16* z, const lum::bf16* head, lum::bf16* logits);
__global__ void h_s1(const lum::i32* tokens, const lum::bf16* embed, lum::bf16* h, lum::IndexCheck* check);
__global__ void self_attn_rope_low_cos_s1(float* low_cos, const Dims* dims);
__global__ void self_attn_rope_low_sin_s1(float* low_sin, const Dims* dims);
__global__ void x_s1(const lum::bf16* h, const lum::bf16* attention_norm, lum::bf16* x);
__global__ void self_attn_q_s1(const lum::bf16* x, const lum::bf16* wq, lum::bf16* q);
__global__ void self_attn_k_s1(const lum::bf16* x, const lum::bf16* wk, lum::bf16* k);
__global__ void self_attn_attention_score_part_s1(const lum::bf16* q, const float* low_cos, const float* low_sin, lum::bf16* score_part);
__global__ void update_k_cache_s1(const lum::bf16* k, const float* low_cos, const float* low_sin, lum::bf16* k_cache, const Dims* dims, int l);
__global__ void update_v_cache_s1(const lum::bf16* x, const lum::bf16* wv, lum::bf16* v_cache, const Dims* dims, int l);
__global__ void self_attn_attention_o_s1_parts(const lum::bf16* score_part, const lum::bf16* k_cache, const lum::bf16* v_cache, float* sums, float* stats, const Dims* dims, int l);
__global__ void self_attn_attention_o_s1(const float* sums, const float* stats, lum::bf16* o);
__global__ void h_2_s1(const lum::bf16* o, const lum::bf16* wo, const lum::bf16* h, lum::bf16* h_2);
__global__ void mlp_g_part_s1(const lum::bf16* y, const lum::bf16* w_gate, float* g_part);
__global__ void mlp_g_s1(const lum::bf16* y, const lum::bf16* w_up, const float* g_part, lum::bf16* g);
__global__ void h_3_s1(const lum::bf16* g, const lum::bf16* w_down, const lum::bf16* h, lum::bf16* h_2);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    h,
    self_attn_rope_freq,
    self_attn_rope_low_cos,
    self_attn_rope_low_sin,
    x,
    self_attn_q,
    self_attn_k,
    self_attn_attention_score_part,
    update_k_cache,
    update_v_cache,
    self_attn_attention_o,
    h_2,
    mlp_g_part,
    mlp_g,
    h_3,
    z,
    logits,
    h_s1,
    self_attn_rope_low_cos_s1,
    self_attn_rope_low_sin_s1,
    x_s1,
    self_attn_q_s1,
    self_attn_k_s1,
    self_attn_attention_score_part_s1,
    update_k_cache_s1,
    update_v_cache_s1,
    self_attn_attention_o_s1_parts,
    self_attn_attention_o_s1,
    h_2_s1,
    mlp_g_part_s1,
    mlp_g_s1,
    h_3_s1,
};
constexpr int kKernelCount = 32;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
