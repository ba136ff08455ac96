// The kernels of Decoder, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.cuh"
#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void embedding_e(const lum::i32* tokens, const float* embed, float* e, const Dims* dims, lum::IndexCheck* check);
__global__ void x(const float* e, const float* g, float* x, const Dims* dims);
__global__ void q(const float* x, const float* wq, float* q, const Dims* dims);
__global__ void update_k(const float* x, const float* wk, float* k, const Dims* dims, int l);
__global__ void attention_o(const float* q, const float* k, const float* v, float* o, const Dims* dims, int l);
__global__ void h(const float* o, const float* wo, float* e, const Dims* dims);
__global__ void logits(const float* e, const float* embed, float* logits, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    embedding_e,
    x,
    q,
    update_k,
    attention_o,
    h,
    logits,
};
constexpr int kKernelCount = 7;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
