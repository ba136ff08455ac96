// Contractions with few rows (decode, single vectors): bound by reading B once, so B is never packed or copied.
#pragma once

#include "gemm_microkernel.h"
#include "simd.h"

namespace lum {

constexpr i64 kSkinnyRows = 4;      // the most rows that take this path
constexpr i64 kSkinnyDepth = 2048;  // k per staged block of A
constexpr i64 kSkinnyCols = 1024;   // columns whose sums are kept beside it

inline i64 smaller(i64 a, i64 b) { return a < b ? a : b; }

// What the vector loops below leave over, for any number of rows: sums[i][j] += sum of a[i][k] * b(k, j).
template <class T>
__attribute__((noinline)) void add_remainder(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_col,
                                             i64 b_k, float* sums, i64 sums_stride) {
    for (i64 i = 0; i < rows; ++i)
        for (i64 k = 0; k < depth; ++k)
            for (i64 j = 0; j < cols; ++j) sums[i * sums_stride + j] += a[i * a_row + k] * to_float(b[j * b_col + k * b_k]);
}

// One dot product over whole vectors of k for each of Rows x Cols pairs, added to sums[i * sums_stride + j].
template <int Rows, int Cols, class T>
inline void dot_tile(i64 depth, const float* a, i64 a_row, const T* b, i64 b_row, float* sums, i64 sums_stride) {
    constexpr int chains = Rows * Cols >= 8 ? 1 : Rows * Cols >= 4 ? 2 : 4;
    vfloat sum[chains][Rows][Cols] = {};
    const auto add_vectors = [&](int c, i64 k) __attribute__((always_inline)) {
        vfloat rows[Rows];
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) rows[i] = load(a + i * a_row + k);
#pragma GCC unroll 16
        for (int j = 0; j < Cols; ++j) {
            const vfloat column = load(b + j * b_row + k);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i) sum[c][i][j] = sum[c][i][j] + rows[i] * column;
        }
    };
    i64 k = 0;
    for (; k + chains * kLanes <= depth; k += chains * kLanes)
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) add_vectors(c, k + c * kLanes);
    if constexpr (chains > 1)
        for (; k + kLanes <= depth; k += kLanes) add_vectors(0, k);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
        for (int j = 0; j < Cols; ++j) {
#pragma GCC unroll 16
            for (int c = 1; c < chains; ++c) sum[0][i][j] = sum[0][i][j] + sum[c][i][j];
            sums[i * sums_stride + j] += sum_lanes(sum[0][i][j]);
        }
}

template <int Rows, class T>
void dot_columns(i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_row, float* sums, i64 sums_stride) {
    constexpr int step = Rows <= 2 ? 4 : 2;
    i64 j = 0;
    for (; j + step <= cols; j += step)
        dot_tile<Rows, step>(depth, a, a_row, b + j * b_row, b_row, sums + j, sums_stride);
    for (; j < cols; ++j) dot_tile<Rows, 1>(depth, a, a_row, b + j * b_row, b_row, sums + j, sums_stride);
    const i64 rest = depth % kLanes, k = depth - rest;
    if (rest > 0) add_remainder(Rows, cols, rest, a + k, a_row, b + k, b_row, 1, sums, sums_stride);
}

// sums[i][j] += sum over k < depth of a[i][k] * b[k][j]: whole runs of B's rows, several rows of B in one pass so that
// the sums are loaded and stored once for them all.
template <int Rows, class T>
void axpy_columns(i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_k, float* sums, i64 sums_stride) {
    constexpr int step = Rows == 1 ? 8 : 4;
    const i64 vector_cols = cols - cols % kLanes;
    i64 k = 0;
    for (; k + step <= depth; k += step)
        for (i64 j = 0; j < vector_cols; j += kLanes) {
            vfloat values[step];
#pragma GCC unroll 16
            for (int u = 0; u < step; ++u) values[u] = load(b + (k + u) * b_k + j);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i) {
                vfloat sum = load(sums + i * sums_stride + j);
#pragma GCC unroll 16
                for (int u = 0; u < step; ++u) sum = sum + a[i * a_row + k + u] * values[u];
                store(sums + i * sums_stride + j, sum);
            }
        }
    if (k < depth) add_remainder(Rows, vector_cols, depth - k, a + k, a_row, b + k * b_k, 1, b_k, sums, sums_stride);
    if (vector_cols < cols)
        add_remainder(Rows, cols - vector_cols, depth, a, a_row, b + vector_cols, 1, b_k, sums + vector_cols, sums_stride);
}

// Adds columns [n, n + cols) of the product over [k, k + depth) to sums, whose rows are kSkinnyCols apart; the rows of
// A lie kSkinnyDepth apart.
template <int Rows, class T>
void skinny_columns(const Strided<T>& b, i64 n, i64 cols, i64 k, i64 depth, const float* a, float* sums) {
    const T* from = b.data + n * b.outer_stride + k * b.k_stride;
    if (b.k_stride == 1)
        dot_columns<Rows>(cols, depth, a, kSkinnyDepth, from, b.outer_stride, sums, kSkinnyCols);
    else
        axpy_columns<Rows>(cols, depth, a, kSkinnyDepth, from, b.k_stride, sums, kSkinnyCols);
}

template <int Rows, class T>
void skinny_columns(const PackedB<T>& b, i64 n, i64 cols, i64 k, i64 depth, const float* a, float* sums) {
    for (i64 j = 0; j < cols; j += kTileCols) {
        float tile[Rows * kTileCols];
        microkernel<Rows>(depth, a, kSkinnyDepth, 1, b.panel(n + j, k), kTileCols, tile, false);
        const i64 width = smaller(kTileCols, cols - j);
        for (int i = 0; i < Rows; ++i)
            for (i64 jj = 0; jj < width; ++jj) sums[i * kSkinnyCols + j + jj] += tile[i * kTileCols + jj];
    }
}

// The number of rows as a constant, in steps that keep the compiler's work small: rows beyond the last are zero.
inline i64 padded_rows(i64 rows) { return rows <= 2 ? rows : kSkinnyRows; }
template <class B>
__attribute__((noinline)) void skinny_columns_of(i64 rows, const B& b, i64 n, i64 cols, i64 k, i64 depth,
                                                 const float* a, float* sums) {
    if (rows == 1) return skinny_columns<1>(b, n, cols, k, depth, a, sums);
    if (rows == 2) return skinny_columns<2>(b, n, cols, k, depth, a, sums);
    skinny_columns<kSkinnyRows>(b, n, cols, k, depth, a, sums);
}

// Which operands can be read as B on this path, by type and by the strides at hand.
template <class B>
constexpr bool streams = false;
template <class T>
constexpr bool streams<Strided<T>> = true;
template <class T>
constexpr bool streams<PackedB<T>> = true;

template <class T>
bool streams_now(const Strided<T>& b) { return b.k_stride == 1 || b.outer_stride == 1; }
template <class T>
bool streams_now(const PackedB<T>&) { return true; }

// Columns [begin, end) for rows <= kSkinnyRows of A, which are first copied as floats, k contiguous.
// `workspace`: kSkinnyRows * (kSkinnyDepth + kSkinnyCols) floats.
template <class A, class B, class Epilogue>
void gemm_skinny(i64 rows, i64 begin, i64 end, i64 K, const A& a, const B& b, float* workspace,
                 const Epilogue& epilogue) {
    float* staged = workspace;
    float* sums = workspace + kSkinnyRows * kSkinnyDepth;
    const i64 computed_rows = padded_rows(rows);
    i64 staged_k = -1;
    for (i64 n = begin; n < end; n += kSkinnyCols) {
        const i64 cols = smaller(kSkinnyCols, end - n);
        for (i64 i = 0; i < computed_rows; ++i)
            for (i64 j = 0; j < cols; ++j) sums[i * kSkinnyCols + j] = 0.0f;
        for (i64 k = 0; k < K; k += kSkinnyDepth) {
            const i64 depth = smaller(kSkinnyDepth, K - k);
            for (i64 i = 0; i < computed_rows && k != staged_k; ++i)
                for (i64 kk = 0; kk < depth; ++kk) staged[i * kSkinnyDepth + kk] = i < rows ? a.at(i, k + kk) : 0.0f;
            staged_k = k;
            skinny_columns_of(computed_rows, b, n, cols, k, depth, staged, sums);
        }
        for (i64 i = 0; i < rows; ++i) {
            const float* row = sums + i * kSkinnyCols;
            LUM_SIMD
            for (i64 j = 0; j < cols; ++j) epilogue(i, n + j, row[j]);
        }
    }
}

}  // namespace lum
