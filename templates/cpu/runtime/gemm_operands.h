// What a contraction may read from: element (o, k), with o the row of A or the column of B and k the summed index.
// Both sides have the same form, so that any operand may stand on either side.
//
// An operand is a struct with
//     float at(i64 o, i64 k) const;
//     template <int Width> void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const;
// pack() writes panel[kk * Width + j] = at(o + j, k + kk) for j < count <= Width and 0 for the lanes beyond count.
// It may write up to kPanelSlack floats past the panel's end.
#pragma once

#include "simd.h"
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

// to[i * Width + j] = from[j * row_stride + i] for i, j < 4.
template <int Width, class T>
inline void transpose_quads(const T* from, i64 row_stride, float* to) {
    const vquad a = load_quad(from), b = load_quad(from + row_stride);
    const vquad c = load_quad(from + 2 * row_stride), d = load_quad(from + 3 * row_stride);
    const vquad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const vquad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store_quad(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
    store_quad(to + Width, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
    store_quad(to + 2 * Width, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
    store_quad(to + 3 * Width, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

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
        if (outer_stride == 1 && count == Width && Width % kLanes == 0)
            return copy_rows<Width>(from, depth, panel);
        i64 done = 0;
        if (k_stride == 1 && count >= 4) done = transpose<Width>(from, count, depth, panel);
        for (i64 kk = done; kk < depth; ++kk)
            for (i64 j = 0; j < count; ++j) panel[kk * Width + j] = to_float(from[j * outer_stride + kk * k_stride]);
        if (count == Width) return;
        for (i64 kk = 0; kk < depth; ++kk)
            for (i64 j = count; j < Width; ++j) panel[kk * Width + j] = 0.0f;
    }

private:
    template <int Width>
    void copy_rows(const T* from, i64 depth, float* panel) const {
        for (i64 kk = 0; kk < depth; ++kk)
            for (int j = 0; j < Width; j += kLanes) store(panel + kk * Width + j, load(from + kk * k_stride + j));
    }

    // Rows with k contiguous, in blocks of 4 x 4; the last block of rows may overlap the one before. Returns how much
    // of the depth that did.
    template <int Width>
    i64 transpose(const T* from, i64 count, i64 depth, float* panel) const {
        i64 kk = 0;
        for (; kk + 4 <= depth; kk += 4) {
            for (i64 j = 0; j + 4 <= count; j += 4)
                transpose_quads<Width>(from + j * outer_stride + kk, outer_stride, panel + kk * Width + j);
            if (count % 4 != 0)
                transpose_quads<Width>(from + (count - 4) * outer_stride + kk, outer_stride, panel + kk * Width + count - 4);
        }
        return kk;
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

// An operand computed as it is read: fn(o, k) gives the element. For gathered rows and fused prologues. What fn reads
// for k and k + 1 lies side by side, so the values of a row are found in vectors and transposed into the panel.
template <class Fn>
struct Lambda {
    Fn fn;

    float at(i64 o, i64 k) const { return fn(o, k); }

    template <int Width>
    void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const {
        constexpr i64 step = 64;
        float rows[Width * step];
        for (i64 from = 0; from < depth; from += step) {
            const i64 some = depth - from < step ? depth - from : step;
            for (i64 j = 0; j < count; ++j) {
                float* row = rows + j * step;
                LUM_SIMD
                for (i64 kk = 0; kk < some; ++kk) row[kk] = fn(o + j, k + from + kk);
            }
            Strided<float>{rows, step, 1}.template pack<Width>(0, count, 0, some, panel + from * Width);
        }
    }
};
template <class Fn>
Lambda(Fn) -> Lambda<Fn>;

// The same where what fn reads for o and o + 1 lies side by side.
template <class Fn>
struct LambdaAcross {
    Fn fn;

    float at(i64 o, i64 k) const { return fn(o, k); }

    template <int Width>
    void pack(i64 o, i64 count, i64 k, i64 depth, float* panel) const {
        for (i64 kk = 0; kk < depth; ++kk) {
            float* row = panel + kk * Width;
            if (count == Width) {
                LUM_SIMD
                for (i64 j = 0; j < Width; ++j) row[j] = fn(o + j, k + kk);
                continue;
            }
            for (i64 j = 0; j < Width; ++j) row[j] = j < count ? fn(o + j, k + kk) : 0.0f;
        }
    }
};
template <class Fn>
LambdaAcross(Fn) -> LambdaAcross<Fn>;

}  // namespace lum
