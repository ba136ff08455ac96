// The kernels of Rows, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void token_parts(const float* logits, float* best_parts, lum::i32* position_parts);
__global__ void token(const float* best_parts, const lum::i32* position_parts, lum::i32* token);
__global__ void chances_parts(const float* logits, float* largest_parts, float* sum_parts);
__global__ void chances(const float* logits, const float* largest_parts, const float* sum_parts, float* chances);
__global__ void normed(const lum::bf16* x, const lum::bf16* w, lum::bf16* normed, const Dims* dims);
__global__ void weights(const float* wide, float* weights, const Dims* dims);
__global__ void scores_parts(const lum::f16* longer, float* largest_parts, float* sum_parts, const Dims* dims);
__global__ void scores(const lum::f16* longer, const float* largest_parts, const float* sum_parts, lum::f16* scores, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    token_parts,
    token,
    chances_parts,
    chances,
    normed,
    weights,
    scores_parts,
    scores,
};
constexpr int kKernelCount = 8;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
