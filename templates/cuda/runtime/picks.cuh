// The position of the extreme value of a row: what every thread has picked of its share becomes one pick that all know.
// Of equal values the first position wins, and a NaN counts as the extreme, as in math.cuh's ranks_above and ranks_below.
#pragma once

#include "math.cuh"

namespace lum {

struct RanksAbove {
    template <class T>
    __device__ static bool before(T a, T b) { return ranks_above(a, b); }
};
struct RanksBelow {
    template <class T>
    __device__ static bool before(T a, T b) { return ranks_below(a, b); }
};

template <class Order, class T>
__device__ inline void take_better(T& best, i32& at, T other, i32 other_at) {
    const bool better = Order::before(other, best);
    const bool equal = !better && !Order::before(best, other);
    if (better || (equal && other_at < at)) {
        best = other;
        at = other_at;
    }
}

template <class Order, class T>
__device__ inline void warp_pick(T& best, i32& at) {
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
        const T other = shuffle_xor(best, mask);
        const i32 other_at = shuffle_xor(at, mask);
        take_better<Order>(best, at, other, other_at);
    }
}

// `scratch`: 16 bytes of shared memory for each warp.
template <class Order, class T>
__device__ inline void block_pick(T& best, i32& at, void* scratch) {
    T* const values = static_cast<T*>(scratch);
    i32* const places = reinterpret_cast<i32*>(static_cast<char*>(scratch) + 8 * warps());
    warp_pick<Order>(best, at);
    barrier();  // a result before this one has been read
    if (lane() == 0) {
        values[warp()] = best;
        places[warp()] = at;
    }
    barrier();
    best = values[0];
    at = places[0];
    for (int w = 1; w < warps(); ++w) take_better<Order>(best, at, values[w], places[w]);
}

}  // namespace lum
