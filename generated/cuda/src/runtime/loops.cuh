// Where a thread stands in the whole grid: loops over more work than there are threads start and step by these.
#pragma once

#include "lum_device.cuh"

namespace lum {

__device__ inline i64 global_thread() { return static_cast<i64>(block()) * threads() + thread(); }
__device__ inline i64 global_threads() { return static_cast<i64>(grid()) * threads(); }
__device__ inline i64 global_warp() { return global_thread() / kWarp; }
__device__ inline i64 global_warps() { return global_threads() / kWarp; }

}  // namespace lum
