// Contractions with few rows (decode, single vectors): bound by reading B once, so B is never packed or copied.
#pragma once

#include "gemm_microkernel.h"
#include "simd.h"

namespace lum {

constexpr i64 kSkinnyRows = 4;       // the most rows that take this path
constexpr i64 kSkinnyDepth = 65536;  // k per staged block of A
constexpr i64 kSkinnyCols = 1024;    // columns whose sums are kept beside it

// What the first-level cache keeps of A while B streams through it, in floats.
constexpr i64 kCachedDepth = 3072;

// Up to this depth, finding the sum of a vector's lanes costs more than the products.
constexpr i64 kShortDepth = 128;

// B is fetched this far ahead, into the second-level cache, where its own prefetcher doesn't keep up by itself.
constexpr i64 kPrefetchBytes = 16384;

inline i64 smaller(i64 a, i64 b) { return a < b ? a : b; }
inline i64 larger(i64 a, i64 b) { return a > b ? a : b; }

// Fetches what lies `bytes` beyond `at`, if anything, into the second-level cache.
inline void prefetch(const void* at, i64 bytes) {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + static_cast<std::uintptr_t>(bytes)), 0, 2);
}

// What the vector loops below leave over, for any number of rows: sums[i][j] += sum of a[i][k] * b(k, j).
template <class T>
__attribute__((noinline)) void add_remainder(i64 rows, i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_col,
                                             i64 b_k, float* sums, i64 sums_stride) {
    for (i64 i = 0; i < rows; ++i)
        for (i64 k = 0; k < depth; ++k)
            for (i64 j = 0; j < cols; ++j) sums[i * sums_stride + j] += a[i * a_row + k] * to_float(b[j * b_col + k * b_k]);
}

// One dot product over whole vectors of k for each of Rows x Cols pairs, added to sums[i * sums_stride + j]; `Chains`
// partial sums hide the multiply-add's latency.
template <int Rows, int Cols, int Chains, class T>
inline void dot_tile(i64 depth, const float* a, i64 a_row, const T* b, i64 b_row, float* sums, i64 sums_stride) {
    vfloat sum[Chains][Rows][Cols] = {};
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
    for (; k + Chains * kLanes <= depth; k += Chains * kLanes) {
        if (sizeof(T) < 4)
#pragma GCC unroll 16
            for (i64 c = 0; c < Chains * kLanes; c += 64 / static_cast<i64>(sizeof(T))) prefetch(b + k + c, kPrefetchBytes);
#pragma GCC unroll 16
        for (int c = 0; c < Chains; ++c) add_vectors(c, k + c * kLanes);
    }
    if constexpr (Chains > 1)
        for (; k + kLanes <= depth; k += kLanes) add_vectors(0, k);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
        for (int j = 0; j < Cols; ++j) {
#pragma GCC unroll 16
            for (int c = 1; c < Chains; ++c) sum[0][i][j] = sum[0][i][j] + sum[c][i][j];
            sums[i * sums_stride + j] += sum_lanes(sum[0][i][j]);
        }
}

// Short dot products, as many at a time as a vector has lanes: their sums are found together.
template <int Rows, class T>
inline i64 dot_short(i64 j, i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_row, float* sums, i64 sums_stride) {
    constexpr int Cols = kLanes / Rows;
    for (; j + Cols <= cols; j += Cols) {
        vfloat sum[kLanes] = {};
        for (i64 k = 0; k + kLanes <= depth; k += kLanes)
#pragma GCC unroll 16
            for (int c = 0; c < Cols; ++c) {
                const vfloat column = load(b + (j + c) * b_row + k);
#pragma GCC unroll 16
                for (int i = 0; i < Rows; ++i) sum[i * Cols + c] = sum[i * Cols + c] + load(a + i * a_row + k) * column;
            }
        float found[kLanes];
        store(found, sums_of_lanes(sum));
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int c = 0; c < Cols; ++c) sums[i * sums_stride + j + c] += found[i * Cols + c];
    }
    return j;
}

// A column at a time is one run through memory, and the fastest; but A is read once for each. Where A fits the
// first-level cache no longer, and for several rows of A, several columns share a pass over it.
template <int Rows, class T>
void dot_columns(i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_row, float* sums, i64 sums_stride) {
    i64 j = 0;
    if (depth <= kShortDepth) j = dot_short<Rows>(j, cols, depth, a, a_row, b, b_row, sums, sums_stride);
    if (Rows == 1 && sizeof(T) == 4 && depth > kCachedDepth)
        for (; j + 8 <= cols; j += 8) dot_tile<Rows, 8, 1>(depth, a, a_row, b + j * b_row, b_row, sums + j, sums_stride);
    if constexpr (Rows > 1) {
        constexpr int step = Rows == 2 ? 6 : 3;
        for (; j + step <= cols; j += step)
            dot_tile<Rows, step, 1>(depth, a, a_row, b + j * b_row, b_row, sums + j, sums_stride);
    }
    for (; j < cols; ++j)
        dot_tile<Rows, 1, Rows == 1 ? 8 : 4>(depth, a, a_row, b + j * b_row, b_row, sums + j, sums_stride);
    const i64 rest = depth % kLanes, k = depth - rest;
    if (rest > 0) add_remainder(Rows, cols, rest, a + k, a_row, b + k, b_row, 1, sums, sums_stride);
}

// sums[i][j] += sum over k < depth of a[i][k] * b[k][j]: whole runs of B's rows, several rows of B in one pass so that
// the sums are loaded and stored once for them all.
template <int Rows, class T>
void axpy_columns(i64 cols, i64 depth, const float* a, i64 a_row, const T* b, i64 b_k, float* sums, i64 sums_stride) {
    constexpr int step = 4;
    const i64 vector_cols = cols - cols % kLanes;
    const auto add_rows = [=](i64 k, i64 j) __attribute__((always_inline)) {
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
    };
    // Short runs of many rows: the next rows are fetched meanwhile, a cache line at a time.
    constexpr i64 line = 64 / static_cast<i64>(sizeof(T));
    i64 k = 0;
    for (; k + step <= depth; k += step) {
        i64 j = 0;
        for (; j + line <= vector_cols; j += line) {
#pragma GCC unroll 16
            for (int u = 0; u < step; ++u) prefetch(b + (k + u) * b_k + j, step * b_k * static_cast<i64>(sizeof(T)));
#pragma GCC unroll 4
            for (i64 v = 0; v < line; v += kLanes) add_rows(k, j + v);
        }
        for (; j < vector_cols; j += kLanes) add_rows(k, j);
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
        microkernel<Rows>(depth, a, kSkinnyDepth, 1, EvenColumns<T>{b.panel(n + j, k), kTileCols}, Tile{tile, kTileCols}, false);
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

struct Range {
    i64 begin, end;
    i64 size() const { return end - begin; }
};

// The sums of columns [n, n + cols), at most kSkinnyCols, over `depth` of k, and where rows of them lie kSkinnyCols
// apart; of rows <= kSkinnyRows of A, which are first copied as floats, k contiguous. `staged_k` says which k of A
// that copy holds. `workspace`: kSkinnyRows * (kSkinnyDepth + kSkinnyCols) floats.
template <class A, class B>
const float* skinny_sums(i64 rows, i64 n, i64 cols, Range depth, const A& a, const B& b, float* workspace, i64& staged_k) {
    float* staged = workspace;
    float* sums = workspace + kSkinnyRows * kSkinnyDepth;
    const i64 computed_rows = padded_rows(rows);
    for (i64 i = 0; i < computed_rows; ++i)
        for (i64 j = 0; j < cols; ++j) sums[i * kSkinnyCols + j] = 0.0f;
    for (i64 k = depth.begin; k < depth.end; k += kSkinnyDepth) {
        const i64 count = smaller(kSkinnyDepth, depth.end - k);
        for (i64 i = 0; i < computed_rows && k != staged_k; ++i)
            for (i64 kk = 0; kk < count; ++kk) staged[i * kSkinnyDepth + kk] = i < rows ? a.at(i, k + kk) : 0.0f;
        staged_k = k;
        skinny_columns_of(computed_rows, b, n, cols, k, count, staged, sums);
    }
    return sums;
}

// Columns [begin, end) of a product with few rows.
template <class A, class B, class Epilogue>
void gemm_skinny(i64 rows, i64 begin, i64 end, i64 K, const A& a, const B& b, float* workspace,
                 const Epilogue& epilogue) {
    i64 staged_k = -1;
    for (i64 n = begin; n < end; n += kSkinnyCols) {
        const i64 count = smaller(kSkinnyCols, end - n);
        const float* sums = skinny_sums(rows, n, count, Range{0, K}, a, b, workspace, staged_k);
        for (i64 i = 0; i < rows; ++i) {
            const float* row = sums + i * kSkinnyCols;
            LUM_SIMD
            for (i64 j = 0; j < count; ++j) epilogue(i, n + j, row[j]);
        }
    }
}

}  // namespace lum
