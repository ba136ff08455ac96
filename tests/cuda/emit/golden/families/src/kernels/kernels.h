// The kernels of Families, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.cuh"
#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void e(const lum::i32* tokens, const lum::f16* table, lum::f16* e, const Dims* dims, lum::IndexCheck* check);
__global__ void update_cache(const lum::f16* e, lum::f16* cache, const Dims* dims);
__global__ void score(const lum::f16* e, const lum::f16* cache, lum::f16* score, const Dims* dims);
__global__ void p(const lum::f16* score, lum::f16* p, const Dims* dims);
__global__ void projected(const lum::f16* e, const lum::f16* w, lum::f16* projected, const Dims* dims);
__global__ void place(const float* x, lum::i32* place, const Dims* dims);
__global__ void running(const float* x, float* running, const Dims* dims);
__global__ void order_topk(const float* x, lum::i32* order_topk);
__global__ void order(const lum::i32* order_topk, const float* x, float* order, lum::IndexCheck* check);
__global__ void word_parts(const float* logits, lum::i32* places);
__global__ void word(const float* logits, const lum::i32* places, lum::i32* word_of_best);
__global__ void logit(const lum::i32* word_of_best, const float* logits, float* best, lum::IndexCheck* check);
__global__ void total_parts(const float* x, float* sum_parts, const Dims* dims);
__global__ void total(const float* sum_parts, float* total);
__global__ void scaled(const float* x, float* scaled, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    e,
    update_cache,
    score,
    p,
    projected,
    place,
    running,
    order_topk,
    order,
    word_parts,
    word,
    logit,
    total_parts,
    total,
    scaled,
};
constexpr int kKernelCount = 15;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
