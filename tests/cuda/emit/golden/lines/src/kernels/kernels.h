// The kernels of Lines, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void rope_freq(float* freq);
__global__ void rope_low_cos(const float* freq, float* low_cos, const Dims* dims);
__global__ void rope_low_sin(const float* freq, float* low_sin, const Dims* dims);
__global__ void turned(const lum::bf16* q, const float* low_cos, const float* low_sin, lum::bf16* turned, const Dims* dims);
__global__ void transposed(const float* x, const lum::bf16* y, float* transposed, const Dims* dims);
__global__ void heads(const lum::bf16* q, lum::bf16* heads, const Dims* dims);
__global__ void depths(const lum::bf16* q, lum::bf16* depths, const Dims* dims);
__global__ void greatest(const lum::bf16* depths, lum::i32* greatest, const Dims* dims);
__global__ void sums_parts(const float* x, const lum::bf16* y, float* largest_parts, const Dims* dims);
__global__ void sums(const float* largest_parts, float* sums);
__global__ void totals_parts(const float* x, float* sum_parts, const Dims* dims);
__global__ void totals(const float* sum_parts, float* totals);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    rope_freq,
    rope_low_cos,
    rope_low_sin,
    turned,
    transposed,
    heads,
    depths,
    greatest,
    sums_parts,
    sums,
    totals_parts,
    totals,
};
constexpr int kKernelCount = 12;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
