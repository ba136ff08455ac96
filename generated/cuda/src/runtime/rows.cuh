// Rows and their reductions. A row is one block's work or one warp's; every thread of it gets the result.
#pragma once

#include "integers.cuh"
#include "math.cuh"

namespace lum {

// Rows 0 … count - 1, one per block:  for (lum::Rows row(count); row.next();) … row.index
struct Rows {
    i64 index, count;
    __device__ explicit Rows(i64 rows) : index(static_cast<i64>(block()) - grid()), count(rows) {}
    __device__ bool next() { return (index += grid()) < count; }
};

// The same, one per warp: short rows.
struct WarpRows {
    i64 index, count;
    __device__ explicit WarpRows(i64 rows)
        : index((static_cast<i64>(block()) - grid()) * warps() + warp()), count(rows) {}
    __device__ bool next() { return (index += static_cast<i64>(grid()) * warps()) < count; }
};

// What is folded: fold(a, b), from neutral().
struct Sum {
    template <class T>
    __device__ static T fold(T a, T b) { return a + b; }
    __device__ static float neutral() { return 0.0f; }
};
struct Product {
    template <class T>
    __device__ static T fold(T a, T b) { return a * b; }
    __device__ static float neutral() { return 1.0f; }
};
struct Max {  // NaN if there is one
    template <class T>
    __device__ static T fold(T a, T b) { return max(a, b); }
    __device__ static float neutral() { return float_from_bits(0xff800000u); }
};
struct Min {
    template <class T>
    __device__ static T fold(T a, T b) { return min(a, b); }
    __device__ static float neutral() { return float_from_bits(0x7f800000u); }
};

// The fold over a warp's lanes, the same in each.
template <class Fold, class T>
__device__ inline T warp_reduce(T value) {
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2) value = Fold::fold(value, shuffle_xor(value, mask));
    return value;
}

// The fold over a block's threads, the same in each. `scratch`: warps() elements of shared memory, free again once
// every thread has returned and met at a barrier; two of these in a row may use the same.
template <class Fold, class T>
__device__ inline T block_reduce(T value, T* scratch) {
    value = warp_reduce<Fold>(value);
    if (warps() == 1) return value;
    barrier();  // a result before this one has been read
    if (lane() == 0) scratch[warp()] = value;
    barrier();
    T result = scratch[0];
    for (int w = 1; w < warps(); ++w) result = Fold::fold(result, scratch[w]);
    return result;
}

}  // namespace lum
