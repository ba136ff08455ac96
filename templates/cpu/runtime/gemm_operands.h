// What a contraction may read from: element (o, k), with o the row of A or the column of B and k the summed index.
// Both sides have the same form, so that any operand may stand on either side.
//
// An operand is a struct with
//     float at(i64 o, i64 k) const;
//     template <int Width> void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const;
// pack() writes panel[kk * Width + j] = at(o + j, k + kk) for j < count <= Width and 0 for the lanes beyond count.
// It may write up to kPanelSlack floats past the panel's end.
#pragma once

#include "vector.h"

namespace lum {

// The register tile: kTileRows rows of A against kTileCols columns of B. With 32 vector registers there is room
// for 24 accumulators, with 16 for 12.
#if defined(__AVX512F__)
constexpr int kTileRows = 12;
constexpr int kTileCols = 2 * kLanes;
#elif defined(__aarch64__)
constexpr int kTileRows = 6;
constexpr int kTileCols = 4 * kLanes;
#else
constexpr int kTileRows = 6;
constexpr int kTileCols = 2 * kLanes;
#endif

constexpr int kPanelSlack = 64;

// Any strided matrix: a transpose is two strides swapped.
template <class T>
struct Strided {
    using Element = T;
    const T* data;
    i64 outer_stride;  // from one row of A, or column of B, to the next, in elements
    i64 k_stride;

    float at(i64 o, i64 k) const { return to_float(data[o * outer_stride + k * k_stride]); }

    template <int Width>
    void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const {
        const T* from = data + o * outer_stride + k * k_stride;
        if (outer_stride == 1 && count == Width && Width % kLanes == 0) {
            for (i64 kk = 0; kk < depth; ++kk)
                for (int j = 0; j < Width; j += kLanes) store(panel + kk * Width + j, load(from + kk * k_stride + j));
            return;
        }
        for (i64 kk = 0; kk < depth; ++kk) {
            for (i64 j = 0; j < count; ++j) panel[kk * Width + j] = to_float(from[j * outer_stride + kk * k_stride]);
            for (i64 j = count; j < Width; ++j) panel[kk * Width + j] = 0.0f;
        }
    }
};

// A constant matrix laid out ahead of time in panels of Width rows or columns, each [K][Width], zero beyond the
// last one: what the register tile reads, in the order in which it reads it.
template <class T, int Width_>
struct Packed {
    using Element = T;
    static constexpr int Width = Width_;
    const T* data;
    i64 K;

    const T* panel(i64 o, i64 k) const { return data + (o / Width * K + k) * Width; }
    float at(i64 o, i64 k) const { return to_float(panel(o, k)[o % Width]); }

    template <int PanelWidth>
    void pack(i64 o, i64 count, i64 k, i64 depth, float* to) const {
        if (PanelWidth == Width && o % Width == 0) {  // the lanes beyond count are zero already
            const T* from = panel(o, k);
            const i64 elements = depth * Width;
            i64 i = 0;
            for (; i + kLanes <= elements; i += kLanes) store(to + i, load(from + i));
            for (; i < elements; ++i) to[i] = to_float(from[i]);
            return;
        }
        for (i64 kk = 0; kk < depth; ++kk)
            for (int j = 0; j < PanelWidth; ++j) to[kk * PanelWidth + j] = j < count ? at(o + j, k + kk) : 0.0f;
    }
};

template <class T>
using PackedA = Packed<T, kTileRows>;
template <class T>
using PackedB = Packed<T, kTileCols>;

// Elements that a packed matrix of `outer` rows (A) or columns (B) takes.
template <class PackedOperand>
constexpr i64 packed_elements(i64 outer, i64 K) {
    return (outer + PackedOperand::Width - 1) / PackedOperand::Width * PackedOperand::Width * K;
}

// Lays `from`, any operand, out as PackedOperand in `to`, which holds packed_elements<PackedOperand>(outer, K).
template <class PackedOperand, class From>
void pack_weights(const From& from, i64 outer, i64 K, typename PackedOperand::Element* to) {
    constexpr int width = PackedOperand::Width;
    for (i64 o = 0; o < outer; o += width)
        for (i64 k = 0; k < K; ++k)
            for (i64 j = 0; j < width; ++j)
                *to++ = from_float<typename PackedOperand::Element>(o + j < outer ? from.at(o + j, k) : 0.0f);
}

// An operand computed as it is read: fn(o, k) gives the element. For gathered rows and fused prologues.
template <class Fn>
struct Lambda {
    Fn fn;

    float at(i64 o, i64 k) const { return fn(o, k); }

    template <int Width>
    void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const {
        for (i64 kk = 0; kk < depth; ++kk)
            for (i64 j = 0; j < Width; ++j) panel[kk * Width + j] = j < count ? fn(o + j, k + kk) : 0.0f;
    }
};
template <class Fn>
Lambda(Fn) -> Lambda<Fn>;

}  // namespace lum
