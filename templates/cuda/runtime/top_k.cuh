// The positions of the greatest values of a row, greatest first; among equals the lower position first; NaN counts as
// greatest. A row is a block's work.
#pragma once

#include "math.cuh"

namespace lum {

template <class T>
struct Ranked {
    T value;
    i32 at;  // below 0: none
};
template <class T>
__device__ inline bool comes_before(const Ranked<T>& a, const Ranked<T>& b) {
    if (ranks_above(a.value, b.value)) return true;
    return !ranks_above(b.value, a.value) && a.at < b.at;
}

// Sorts positions 0 … size - 1 by `comes_first(a, b)`, a strict order, into out: a bitonic network whose comparisons all
// go the same way, so that what lies beyond the row needs no filling. log2(size)^2 / 2 steps of size / 2 comparisons.
template <class Index, class Order>
__device__ inline void sort_positions(Index size, i32* out, const Order& comes_first) {
    barrier();
    for (Index i = thread(); i < size; i += threads()) out[i] = static_cast<i32>(i);
    Index padded = 1;
    while (padded < size) padded *= 2;
    for (Index width = 2; width <= padded; width *= 2)
        for (Index apart = width / 2; apart > 0; apart /= 2) {
            barrier();
            for (Index pair = thread(); pair < padded / 2; pair += threads()) {
                const Index low = pair / apart * apart * 2 + pair % apart;
                // The first step of a width folds its halves onto each other; the others compare at a distance.
                const Index high = apart == width / 2 ? low / width * width + width - 1 - low % width : low + apart;
                if (high >= size) continue;
                const i32 a = out[low], b = out[high];
                if (comes_first(b, a)) out[low] = b, out[high] = a;
            }
        }
    barrier();
}

// The first of those that have a position, at >= 0; the same in every thread.
template <class T>
__device__ inline Ranked<T> first_present(const Ranked<T>& a, const Ranked<T>& b) {
    if (a.at < 0) return b;
    return b.at < 0 || comes_before(a, b) ? a : b;
}
template <class T>
__device__ inline Ranked<T> best_of_block(Ranked<T> best, Ranked<T>* scratch) {
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2)
        best = first_present(best, Ranked<T>{shuffle_xor(best.value, mask), shuffle_xor(best.at, mask)});
    barrier();  // a result before this one has been read
    if (lane() == 0) scratch[warp()] = best;
    barrier();
    best = scratch[0];
    for (int w = 1; w < warps(); ++w) best = first_present(best, scratch[w]);
    return best;
}

// out[0 … count) = positions of the `count` greatest of value(0 … size). count <= size. `scratch`: warps() elements of
// shared memory. Few are found one after the other, each the greatest of those that come after the one before; for all
// of them the row is sorted.
template <class Index = i64, class T, class Value>
__device__ inline void top_k(As<Index> size, As<Index> count, i32* out, Ranked<T>* scratch, const Value& value) {
    if (count == size && count > 32) {
        sort_positions<Index>(size, out, [&](i32 a, i32 b) {
            return comes_before(Ranked<T>{value(static_cast<Index>(a)), a}, Ranked<T>{value(static_cast<Index>(b)), b});
        });
        return;
    }
    Ranked<T> last{};
    for (Index rank = 0; rank < count; ++rank) {
        Ranked<T> best{};
        bool any_yet = false;
        for (Index i = thread(); i < size; i += threads()) {
            const Ranked<T> here{value(i), static_cast<i32>(i)};
            if (rank > 0 && !comes_before(last, here)) continue;
            if (!any_yet || comes_before(here, best)) best = here;
            any_yet = true;
        }
        // A thread without any left stands back: its position is no element's.
        if (!any_yet) best = Ranked<T>{T{}, -1};
        last = best_of_block(best, scratch);
        if (thread() == 0) out[rank] = last.at;
    }
}

}  // namespace lum
