// The innermost loop: a tile of sums that stay in registers.
#pragma once

#include "gemm_operands.h"

namespace lum {

// tile[i * kTileCols + j] (+)= sum over k < depth of a[i * a_row + k * a_k] * b[k * b_k + j], for i < Rows and j < Cols.
// A small tile alone would wait for the multiply-add's latency, so it gets several partial sums over k.
template <int Rows, int Cols = kTileCols, class TB>
__attribute__((always_inline)) inline void microkernel(i64 depth, const float* a, i64 a_row, i64 a_k, const TB* b,
                                                       i64 b_k, float* tile, bool accumulate) {
    constexpr int vectors = Cols / kLanes;
    constexpr int chains = Rows * vectors >= 8 ? 1 : Rows * vectors >= 4 ? 2 : 4;
    vfloat sum[chains][Rows][vectors];
#pragma GCC unroll 16
    for (int c = 0; c < chains; ++c)
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v)
                sum[c][i][v] = c == 0 && accumulate ? load(tile + i * kTileCols + v * kLanes) : vfloat{};

    i64 k = 0;
    for (; k + chains <= depth; k += chains)
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) {
            vfloat columns[vectors];
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v) columns[v] = load(b + (k + c) * b_k + v * kLanes);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i) {
                const float row = a[i * a_row + (k + c) * a_k];
#pragma GCC unroll 16
                for (int v = 0; v < vectors; ++v) sum[c][i][v] = sum[c][i][v] + row * columns[v];
            }
        }
    if constexpr (chains > 1)
        for (; k < depth; ++k)
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
                for (int v = 0; v < vectors; ++v)
                    sum[0][i][v] = sum[0][i][v] + a[i * a_row + k * a_k] * load(b + k * b_k + v * kLanes);

#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) {
#pragma GCC unroll 16
            for (int c = 1; c < chains; ++c) sum[0][i][v] = sum[0][i][v] + sum[c][i][v];
            store(tile + i * kTileCols + v * kLanes, sum[0][i][v]);
        }
}

// The same for 1 <= rows <= kTileRows known only at run time; Halves: half the columns when no more are needed.
// `a_row` and `a_k` are constants at the packed call, which is what makes it fast.
template <bool Halves, int Rows = kTileRows>
__attribute__((always_inline)) inline void microkernel_sized(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row,
                                                             i64 a_k, const float* b, i64 b_k, float* tile,
                                                             bool accumulate) {
    if (rows < Rows) {
        if constexpr (Rows > 1)
            microkernel_sized<Halves, Rows - 1>(rows, cols, depth, a, a_row, a_k, b, b_k, tile, accumulate);
    } else if (Halves && cols <= kTileCols / 2) {
        microkernel<Rows, Halves ? kTileCols / 2 : kTileCols>(depth, a, a_row, a_k, b, b_k, tile, accumulate);
    } else {
        microkernel<Rows>(depth, a, a_row, a_k, b, b_k, tile, accumulate);
    }
}

// A packed in a panel of kTileRows.
inline __attribute__((noinline)) void microkernel_packed(i64 rows, i64 cols, i64 depth, const float* a, const float* b,
                                                         i64 b_k, float* tile, bool accumulate) {
    microkernel_sized<true>(rows, cols, depth, a, 1, kTileRows, b, b_k, tile, accumulate);
}

// A read where it lies: rows a_row apart, k contiguous.
inline __attribute__((noinline)) void microkernel_in_place(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row,
                                                           const float* b, i64 b_k, float* tile, bool accumulate) {
    microkernel_sized<false>(rows, cols, depth, a, a_row, 1, b, b_k, tile, accumulate);
}

}  // namespace lum
