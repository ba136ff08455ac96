// Reductions of a contiguous row of any storage type. Several partial results side by side: fast, and for sums closer
// to the exact value than one running sum.
#pragma once

#include "vector.h"

namespace lum {

constexpr i64 kReduceChains = 4;
constexpr i64 kReduceStep = kReduceChains * kLanes;

// The fold of load(i) over whole vectors and of element(i) over the rest, from `neutral`.
template <class Load, class Element, class Combine>
inline float reduce_row(i64 n, float neutral, const Load& load_at, const Element& element, const Combine& combine) {
    vfloat partial[kReduceChains];
    for (i64 c = 0; c < kReduceChains; ++c) partial[c] = vfloat{} + neutral;
    i64 i = 0;
    for (; i + kReduceStep <= n; i += kReduceStep)
#pragma GCC unroll 4
        for (i64 c = 0; c < kReduceChains; ++c) partial[c] = combine(partial[c], load_at(i + c * kLanes));
    for (; i + kLanes <= n; i += kLanes) partial[0] = combine(partial[0], load_at(i));
    vfloat folded = combine(combine(partial[0], partial[1]), combine(partial[2], partial[3]));
    for (int lane = 0; i < n; ++i, ++lane) folded[lane] = combine(vfloat{} + folded[lane], vfloat{} + element(i))[0];
    float result = folded[0];
    for (int lane = 1; lane < kLanes; ++lane) result = combine(vfloat{} + result, vfloat{} + folded[lane])[0];
    return result;
}

template <class T>
inline float row_sum(const T* row, i64 n) {
    return reduce_row(
        n, 0.0f, [=](i64 i) { return load(row + i); }, [=](i64 i) { return to_float(row[i]); },
        [](vfloat a, vfloat b) { return a + b; });
}

template <class T>
inline float row_sum_of_squares(const T* row, i64 n) {
    return reduce_row(
        n, 0.0f, [=](i64 i) { return load(row + i) * load(row + i); },
        [=](i64 i) { return to_float(row[i]) * to_float(row[i]); }, [](vfloat a, vfloat b) { return a + b; });
}

template <class T, class U>
inline float row_dot(const T* a, const U* b, i64 n) {
    return reduce_row(
        n, 0.0f, [=](i64 i) { return load(a + i) * load(b + i); }, [=](i64 i) { return to_float(a[i]) * to_float(b[i]); },
        [](vfloat x, vfloat y) { return x + y; });
}

// Minus infinity for an empty row; NaN if there is one.
template <class T>
inline float row_max(const T* row, i64 n) {
    return reduce_row(
        n, -__builtin_inff(), [=](i64 i) { return load(row + i); }, [=](i64 i) { return to_float(row[i]); },
        [](vfloat a, vfloat b) { return ((a > b) | (a != a)) ? a : b; });
}

}  // namespace lum
