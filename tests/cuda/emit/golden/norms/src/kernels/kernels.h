// The kernels of Norms, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void y(const float* x, const float* w, const float* b, float* y, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    y,
};
constexpr int kKernelCount = 1;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
