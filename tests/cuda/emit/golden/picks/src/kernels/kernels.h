// The kernels of Picks, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.cuh"
#include "runtime/types.cuh"
#include "dims.h"

namespace kernels {

__global__ void chosen(const float* gate, lum::i32* chosen, const Dims* dims);
__global__ void y_part(const float* x, const lum::i32* chosen, const float* experts, const float* gate, float* y_part, const Dims* dims, lum::IndexCheck* check);
__global__ void y(const float* y_part, float* y, const Dims* dims);

}  // namespace kernels

// Their names as values, for launches, timings and messages.
enum class Kernel : int {
    chosen,
    y_part,
    y,
};
constexpr int kKernelCount = 3;

struct Launch {
    const char* name;
    lum::i64 blocks;  // that the largest sizes have work for
    int threads;      // of a block
    size_t shared;    // bytes of dynamic shared memory of a block
};
