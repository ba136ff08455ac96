// The kernels of Mlp, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void h(const float* x, const float* w1, const float* b1, float* h, const Dims* dims);
__global__ void logits(const float* h, const float* w2, const float* b2, float* logits, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    h,
    logits,
};
constexpr int kKernelCount = 2;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
