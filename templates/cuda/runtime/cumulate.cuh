// Running folds along a row, which is a block's work: store(i, load(0) with … with load(i)).
#pragma once

#include "rows.cuh"

namespace lum {

// The fold of the lanes up to and with this one.
template <class Fold, class T>
__device__ inline T warp_scan(T value) {
#pragma unroll
    for (int delta = 1; delta < kWarp; delta *= 2) {
        const T before = shuffle_up(value, delta);
        if (lane() >= delta) value = Fold::fold(before, value);
    }
    return value;
}

// `scratch`: warps() elements of shared memory. threads() elements at a time, the fold of those before carried over.
template <class Fold, class Index = i64, class T, class Load, class Store>
__device__ inline void cumulate(As<Index> size, T neutral, T* scratch, const Load& load, const Store& store) {
    T carry = neutral;
    for (Index first = 0; first < size; first += threads()) {
        const Index i = first + thread();
        const T scanned = warp_scan<Fold>(i < size ? load(i) : neutral);
        barrier();  // the sums before these have been read
        if (lane() == kWarp - 1) scratch[warp()] = scanned;
        barrier();
        T before = carry;
        for (int w = 0; w < warps(); ++w) {
            if (w == warp() && i < size) store(i, Fold::fold(before, scanned));
            before = Fold::fold(before, scratch[w]);
        }
        carry = before;
    }
}

}  // namespace lum
