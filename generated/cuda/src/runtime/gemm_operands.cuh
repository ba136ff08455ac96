// What a contraction reads: element (o, k), with o the row of A or the column of B and k the summed index. Both sides
// have the same form, so that any operand may stand on either side.
#pragma once

#include "vector.cuh"

namespace lum {

// Any strided matrix, strides in elements: A [M, K]: {a, K, 1}; B [K, N]: {b, 1, N}; B [N, K]: {b, K, 1}. A stride of 0
// broadcasts. Where one of the strides is a literal 1, the compiler keeps that way of reading only.
// Counted in Index, which is to hold the number of each element.
template <class T, class Index = i64>
struct Strided {
    using Element = T;
    const T* data;
    Index outer_stride;  // from one row of A, or column of B, to the next
    Index k_stride;

    __device__ const T* address(Index o, Index k) const { return data + (o * outer_stride + k * k_stride); }
    __device__ T raw(Index o, Index k) const { return *address(o, k); }
};

// An operand computed as it is read: fn(o, k) gives the element, which is rounded to T. Gathered rows, fused prologues.
//     lum::computed<lum::bf16>([=](i64 o, i64 k) { … })
template <class T, class Fn>
struct Computed {
    using Element = T;
    Fn fn;
    template <class O, class K>
    __device__ T raw(O o, K k) const { return from_float<T>(fn(o, k)); }
};
template <class T, class Fn>
__device__ inline Computed<T, Fn> computed(Fn fn) { return Computed<T, Fn>{fn}; }

// The windows of an image [channels, height, width] as a matrix, none of them stored: o counts the outputs of a
// convolution row by row, k the taps of its kernel, channel by channel; what lies outside of the image is 0. Where an
// output's window begins, and where a tap lies in it, is found apart, so that whoever walks many pairs finds each once.
template <class T, class Index = i64>
struct Patches {
    using Element = T;
    struct Place { Index y, x, column; };       // the window's first input, and the output's column
    struct Tap { i64 offset; Index y, x; };

    const T* image;
    Index height, width, kernel_height, kernel_width;
    int stride_y, stride_x, dilation_y, dilation_x, pad_y, pad_x;
    Index out_width;
    i64 channel;
    Index first_tap = 0;

    __device__ Place place(Index o) const {
        const Index row = o / out_width, column = o - row * out_width;
        return {row * stride_y - pad_y, column * stride_x - pad_x, column};
    }
    __device__ void advance(Place& at) const {  // to the next output
        at.x += stride_x;
        if (++at.column < out_width) return;
        at = {at.y + stride_y, -pad_x, 0};
    }
    __device__ Tap tap(Index k) const {
        const Index number = k + first_tap, row = number / kernel_width, c = row / kernel_height;
        return {c * channel, (row - c * kernel_height) * dilation_y, (number - row * kernel_width) * dilation_x};
    }
    __device__ bool inside(const Place& at, const Tap& tap) const {
        using Unsigned = std::make_unsigned_t<Index>;
        return static_cast<Unsigned>(at.y + tap.y) < static_cast<Unsigned>(height) &&
               static_cast<Unsigned>(at.x + tap.x) < static_cast<Unsigned>(width);
    }
    __device__ const T* address(const Place& at, const Tap& tap) const {
        return image + tap.offset + static_cast<i64>(at.y + tap.y) * width + (at.x + tap.x);
    }
    __device__ T raw(Index o, Index k) const {
        const Place at = place(o);
        const Tap in = tap(k);
        return inside(at, in) ? *address(at, in) : T{};
    }
};

template <class Operand>
constexpr bool kIsPatches = false;
template <class T, class Index>
constexpr bool kIsPatches<Patches<T, Index>> = true;

template <class Operand>
constexpr bool kIsStrided = false;
template <class T, class Index>
constexpr bool kIsStrided<Strided<T, Index>> = true;

// A float operand beside one of bf16, multiplied on tensor cores as two bf16: its rounding and what that leaves, which
// together have 16 of its 24 digits and all of its range.
//     lum::in_two_parts(lum::Strided<float>{…})
template <class Operand>
struct TwoParts {
    using Element = float;
    Operand whole;
    template <class O, class K>
    __device__ float raw(O o, K k) const { return to_float(whole.raw(o, k)); }
};
template <class Operand>
__device__ inline TwoParts<Operand> in_two_parts(Operand whole) { return TwoParts<Operand>{whole}; }

template <class Operand>
constexpr int kPartsOf = 1;
template <class Operand>
constexpr int kPartsOf<TwoParts<Operand>> = 2;

// What is left of a count, 0 … limit.
template <class Index>
__device__ inline int at_most(Index count, int limit) {
    return count < 0 ? 0 : count < limit ? static_cast<int>(count) : limit;
}

// Part `index` of `parts` of a sum over k, each a multiple of `step` long but the last: for splitting K over blocks,
// each with its own [m, n] of partial sums, which a second kernel adds up.
template <class Index = i64>
struct SplitK {
    Index begin, length;
    // The operand as this part sees it, its k counted from 0.
    template <class T>
    __device__ Strided<T, Index> of(Strided<T, Index> whole) const {
        return {whole.data + begin * whole.k_stride, whole.outer_stride, whole.k_stride};
    }
    template <class T>
    __device__ Patches<T, Index> of(Patches<T, Index> whole) const {
        whole.first_tap += begin;
        return whole;
    }
    template <class Operand>
    __device__ auto of(TwoParts<Operand> operand) const { return in_two_parts(of(operand.whole)); }
    template <class T, class Fn>
    __device__ auto of(Computed<T, Fn> whole) const {
        return computed<T>([=, first = begin](Index o, Index k) { return whole.fn(o, first + k); });
    }
    __device__ SplitK(As<Index> k, As<Index> parts, As<Index> index, As<Index> step) {
        const Index steps = (k + step - 1) / step;
        const Index per_part = (steps + parts - 1) / parts * step;
        begin = per_part * index < k ? per_part * index : k;
        length = k - begin < per_part ? k - begin : per_part;
    }
};

}  // namespace lum
