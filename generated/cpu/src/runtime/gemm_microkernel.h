// The innermost loop: a tile of sums that stay in registers.
#pragma once

#include "gemm_operands.h"

namespace lum {

// Where the tile's columns lie for each k: the same distance apart, or each at an offset of its own.
template <class T>
struct EvenColumns {
    const T* data;
    i64 stride;
    const T* at(i64 k, int vector) const { return data + k * stride + vector * kLanes; }
};
struct ListedColumns {
    const float* data;
    const i32* offsets;
    const float* at(i64 k, int vector) const { return data + offsets[k] + vector * kLanes; }
};
// Columns of two neighbouring panels: each vector of them has a start of its own.
template <int Vectors>
struct PanelColumns {
    const float* data[Vectors];
    i64 stride;
    const float* at(i64 k, int vector) const { return data[vector] + k * stride; }
};

// Where the sums of a tile are kept.
struct Tile {
    float* data;
    i64 stride;  // from one row to the next
};

// tile[i][j] (+)= sum over k < depth of a[i * a_row + k * a_k] * column j of b at k, for i < Rows and j < Cols.
// A small tile alone would wait for the multiply-add's latency, so it gets several partial sums over k.
template <int Rows, int Cols = kTileCols, class Columns>
__attribute__((always_inline)) inline void microkernel(i64 depth, const float* a, i64 a_row, i64 a_k, Columns b, Tile tile,
                                                       bool accumulate) {
    constexpr int vectors = Cols / kLanes;
    constexpr int chains = Rows * vectors >= 8 ? 1 : Rows * vectors >= 4 ? 2 : 4;
    vfloat sum[chains][Rows][vectors];
#pragma GCC unroll 16
    for (int c = 0; c < chains; ++c)
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v)
                sum[c][i][v] = c == 0 && accumulate ? load(tile.data + i * tile.stride + v * kLanes) : vfloat{};

    i64 k = 0;
    for (; k + chains <= depth; k += chains)
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) {
            vfloat columns[vectors];
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v) columns[v] = load(b.at(k + c, v));
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
                    sum[0][i][v] = sum[0][i][v] + a[i * a_row + k * a_k] * load(b.at(k, v));

#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) {
#pragma GCC unroll 16
            for (int c = 1; c < chains; ++c) sum[0][i][v] = sum[0][i][v] + sum[c][i][v];
            store(tile.data + i * tile.stride + v * kLanes, sum[0][i][v]);
        }
}

// The same for 1 <= rows <= Rows known only at run time; Narrows: about half the vectors when no more are needed.
// `a_row` and `a_k` are constants at the packed call, which is what makes it fast.
template <bool Narrows, int Rows, int Cols, class Columns>
__attribute__((always_inline)) inline void microkernel_sized(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row,
                                                             i64 a_k, Columns b, Tile tile, bool accumulate) {
    constexpr int narrow = Narrows ? (Cols / kLanes + 1) / 2 * kLanes : Cols;
    if (rows < Rows) {
        if constexpr (Rows > 1)
            microkernel_sized<Narrows, Rows - 1, Cols>(rows, cols, depth, a, a_row, a_k, b, tile, accumulate);
    } else if (narrow < Cols && cols <= narrow) {
        microkernel<Rows, narrow>(depth, a, a_row, a_k, b, tile, accumulate);
    } else {
        microkernel<Rows, Cols>(depth, a, a_row, a_k, b, tile, accumulate);
    }
}

// A packed in a panel of Rows.
template <int Rows = kTileRows, int Cols = kTileCols, class Columns>
__attribute__((noinline)) void microkernel_packed(i64 rows, i64 cols, i64 depth, const float* a, Columns b, Tile tile,
                                                  bool accumulate) {
    microkernel_sized<true, Rows, Cols>(rows, cols, depth, a, 1, Rows, b, tile, accumulate);
}

inline void microkernel_packed(i64 rows, i64 cols, i64 depth, const float* a, const float* b, i64 b_k, float* tile,
                               bool accumulate) {
    microkernel_packed(rows, cols, depth, a, EvenColumns<float>{b, b_k}, Tile{tile, kTileCols}, accumulate);
}

// A read where it lies: rows a_row apart, k contiguous.
template <int Rows = kTileRows, int Cols = kTileCols, class Columns>
__attribute__((noinline)) void microkernel_in_place(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row, Columns b,
                                                    Tile tile, bool accumulate) {
    microkernel_sized<false, Rows, Cols>(rows, cols, depth, a, a_row, 1, b, tile, accumulate);
}

}  // namespace lum
