// The innermost loop: a tile of sums that stay in registers.
#pragma once

#include "gemm_operands.h"

namespace lum {

// Where the tile's columns lie for each k: the same distance apart, or each at an offset of its own.
template <class T>
struct EvenColumns {
    const T* data;
    i64 stride;
    const T* at(i64 k) const { return data + k * stride; }
};
struct ListedColumns {
    const float* data;
    const i32* offsets;
    const float* at(i64 k) const { return data + offsets[k]; }
};

// Where the sums of a tile are kept.
struct Tile {
    float* data;
    i64 stride;  // from one row to the next
};

// tile[i][j] (+)= sum over k < depth of a[i * a_row + k * a_k] * b.at(k)[j], for i < Rows and j < Cols.
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
            for (int v = 0; v < vectors; ++v) columns[v] = load(b.at(k + c) + v * kLanes);
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
                    sum[0][i][v] = sum[0][i][v] + a[i * a_row + k * a_k] * load(b.at(k) + v * kLanes);

#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) {
#pragma GCC unroll 16
            for (int c = 1; c < chains; ++c) sum[0][i][v] = sum[0][i][v] + sum[c][i][v];
            store(tile.data + i * tile.stride + v * kLanes, sum[0][i][v]);
        }
}

// The same for 1 <= rows <= kTileRows known only at run time; Halves: half the columns when no more are needed.
// `a_row` and `a_k` are constants at the packed call, which is what makes it fast.
template <bool Halves, int Rows = kTileRows, class Columns>
__attribute__((always_inline)) inline void microkernel_sized(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row,
                                                             i64 a_k, Columns b, Tile tile, bool accumulate) {
    if (rows < Rows) {
        if constexpr (Rows > 1)
            microkernel_sized<Halves, Rows - 1>(rows, cols, depth, a, a_row, a_k, b, tile, accumulate);
    } else if (Halves && cols <= kTileCols / 2) {
        microkernel<Rows, Halves ? kTileCols / 2 : kTileCols>(depth, a, a_row, a_k, b, tile, accumulate);
    } else {
        microkernel<Rows>(depth, a, a_row, a_k, b, tile, accumulate);
    }
}

// A packed in a panel of kTileRows.
template <class Columns>
__attribute__((noinline)) void microkernel_packed(i64 rows, i64 cols, i64 depth, const float* a, Columns b, Tile tile,
                                                  bool accumulate) {
    microkernel_sized<true>(rows, cols, depth, a, 1, kTileRows, b, tile, accumulate);
}

inline void microkernel_packed(i64 rows, i64 cols, i64 depth, const float* a, const float* b, i64 b_k, float* tile,
                               bool accumulate) {
    microkernel_packed(rows, cols, depth, a, EvenColumns<float>{b, b_k}, Tile{tile, kTileCols}, accumulate);
}

// A read where it lies: rows a_row apart, k contiguous.
template <class Columns>
__attribute__((noinline)) void microkernel_in_place(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row, Columns b,
                                                    Tile tile, bool accumulate) {
    microkernel_sized<false>(rows, cols, depth, a, a_row, 1, b, tile, accumulate);
}

}  // namespace lum
