// Where a thread stands in the whole grid: loops over more work than there are threads start and step by these. A grid
// has kMostThreads at most (launch.cuh).
#pragma once

#include "lum_device.cuh"

namespace lum {

__device__ inline int global_thread() { return block() * threads() + thread(); }
__device__ inline int global_threads() { return grid() * threads(); }
__device__ inline int global_warp() { return global_thread() / kWarp; }
__device__ inline int global_warps() { return global_threads() / kWarp; }

}  // namespace lum
