// Columns: the lanes of a warp have neighbouring ones, and every warp of a block some of their rows. What the warps have
// folded of a column becomes one value that all of them know, in the warps' order, so that it is the same every time.
#pragma once

#include "picks.cuh"
#include "rows.cuh"

namespace lum {

// Of a block of kWarps warps. `scratch`: threads() elements of shared memory, free again as that of block_reduce is.
template <class Fold, int kWarps, class T>
__device__ inline T columns_reduce(T value, T* scratch) {
    barrier();  // a result before this one has been read
    scratch[thread()] = value;
    barrier();
    T result = scratch[lane()];
#pragma unroll
    for (int w = 1; w < kWarps; ++w) result = Fold::fold(result, scratch[w * kWarp + lane()]);
    return result;
}

// `scratch`: 16 bytes of shared memory for each thread.
template <class Order, int kWarps, class T>
__device__ inline void columns_pick(T& best, i32& at, void* scratch) {
    T* const values = static_cast<T*>(scratch);
    i32* const places = reinterpret_cast<i32*>(static_cast<char*>(scratch) + 8 * threads());
    barrier();  // a result before this one has been read
    values[thread()] = best;
    places[thread()] = at;
    barrier();
    best = values[lane()];
    at = places[lane()];
#pragma unroll
    for (int w = 1; w < kWarps; ++w)
        take_better<Order>(best, at, values[w * kWarp + lane()], places[w * kWarp + lane()]);
}

}  // namespace lum
