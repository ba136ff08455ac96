// What a contraction reads: element (o, k), with o the row of A or the column of B and k the summed index. Both sides
// have the same form, so that any operand may stand on either side.
#pragma once

#include "vector.cuh"

namespace lum {

// Any strided matrix, strides in elements: A [M, K]: {a, K, 1}; B [K, N]: {b, 1, N}; B [N, K]: {b, K, 1}. A stride of 0
// broadcasts. Where one of the strides is a literal 1, the compiler keeps that way of reading only.
template <class T>
struct Strided {
    using Element = T;
    const T* data;
    i64 outer_stride;  // from one row of A, or column of B, to the next
    i64 k_stride;

    __device__ const T* address(i64 o, i64 k) const { return data + (o * outer_stride + k * k_stride); }
    __device__ T raw(i64 o, i64 k) const { return *address(o, k); }
};

// An operand computed as it is read: fn(o, k) gives the element, which is rounded to T. Gathered rows, fused prologues.
//     lum::computed<lum::bf16>([=](i64 o, i64 k) { … })
template <class T, class Fn>
struct Computed {
    using Element = T;
    Fn fn;
    __device__ T raw(i64 o, i64 k) const { return from_float<T>(fn(o, k)); }
};
template <class T, class Fn>
__device__ inline Computed<T, Fn> computed(Fn fn) { return Computed<T, Fn>{fn}; }

template <class Operand>
constexpr bool kIsStrided = false;
template <class T>
constexpr bool kIsStrided<Strided<T>> = true;

// A float operand beside one of bf16, multiplied on tensor cores as two bf16: its rounding and what that leaves, which
// together have 16 of its 24 digits and all of its range.
//     lum::in_two_parts(lum::Strided<float>{…})
template <class Operand>
struct TwoParts {
    using Element = float;
    Operand whole;
    __device__ float raw(i64 o, i64 k) const { return to_float(whole.raw(o, k)); }
};
template <class Operand>
__device__ inline TwoParts<Operand> in_two_parts(Operand whole) { return TwoParts<Operand>{whole}; }

template <class Operand>
constexpr int kPartsOf = 1;
template <class Operand>
constexpr int kPartsOf<TwoParts<Operand>> = 2;

// What is left of a count, 0 … limit.
__device__ inline int at_most(i64 count, int limit) {
    return count < 0 ? 0 : count < limit ? static_cast<int>(count) : limit;
}

// Part `index` of `parts` of a sum over k, each a multiple of `step` long but the last: for splitting K over blocks,
// each with its own [m, n] of partial sums, which a second kernel adds up.
struct SplitK {
    i64 begin, length;
    // The operand as this part sees it, its k counted from 0.
    template <class T>
    __device__ Strided<T> of(Strided<T> whole) const {
        return {whole.data + begin * whole.k_stride, whole.outer_stride, whole.k_stride};
    }
    template <class Operand>
    __device__ auto of(TwoParts<Operand> operand) const { return in_two_parts(of(operand.whole)); }
    template <class T, class Fn>
    __device__ auto of(Computed<T, Fn> whole) const {
        return computed<T>([=, first = begin](i64 o, i64 k) { return whole.fn(o, first + k); });
    }
    __device__ SplitK(i64 k, i64 parts, i64 index, i64 step) {
        const i64 steps = (k + step - 1) / step;
        const i64 per_part = (steps + parts - 1) / parts * step;
        begin = per_part * index < k ? per_part * index : k;
        length = k - begin < per_part ? k - begin : per_part;
    }
};

}  // namespace lum
