// The kernels of Conv, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.cuh"

namespace kernels {

__global__ void h(const float* k, const float* x, const float* b, float* h);
__global__ void max_pool2d_y(const float* h, float* pooled);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    h,
    max_pool2d_y,
};
constexpr int kKernelCount = 2;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
