// The innermost loop: a tile of Rows x kTileCols sums that stay in registers.
#pragma once

#include "gemm_operands.h"

namespace lum {

// tile[i * kTileCols + j] (+)= sum over k < depth of a[i * a_row + k * a_k] * b[k * b_k + j].
// Few rows alone would wait for the multiply-add's latency, so they get several partial sums over k.
template <int Rows, class TB>
__attribute__((always_inline)) inline void microkernel(i64 depth, const float* a, i64 a_row, i64 a_k, const TB* b,
                                                       i64 b_k, float* tile, bool accumulate) {
    constexpr int vectors = kTileCols / kLanes;
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

// The same for a number of rows known only at run time, 1 <= rows <= kTileRows.
// `a_row` and `a_k` are constants at the packed call, which is what makes it fast.
template <int Rows = kTileRows, class TB>
__attribute__((always_inline)) inline void microkernel_rows(i64 rows, i64 depth, const float* a, i64 a_row, i64 a_k,
                                                            const TB* b, i64 b_k, float* tile, bool accumulate) {
    if (rows == Rows) return microkernel<Rows>(depth, a, a_row, a_k, b, b_k, tile, accumulate);
    if constexpr (Rows > 1) microkernel_rows<Rows - 1>(rows, depth, a, a_row, a_k, b, b_k, tile, accumulate);
}

// A packed in a panel of kTileRows.
inline __attribute__((noinline)) void microkernel_packed(i64 rows, i64 depth, const float* a, const float* b, i64 b_k,
                                                         float* tile, bool accumulate) {
    microkernel_rows(rows, depth, a, 1, kTileRows, b, b_k, tile, accumulate);
}

// A read where it lies: rows a_row apart, k contiguous.
inline __attribute__((noinline)) void microkernel_in_place(i64 rows, i64 depth, const float* a, i64 a_row, const float* b,
                                                           i64 b_k, float* tile, bool accumulate) {
    microkernel_rows(rows, depth, a, a_row, 1, b, b_k, tile, accumulate);
}

}  // namespace lum
