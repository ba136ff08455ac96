// Contractions: for every m < M and n < N, epilogue(m, n, sum over k < K of A(m, k) * B(n, k)), summed in float.
//
//     gemm(M, N, K, a, b, workspace, epilogue);
//     gemm_batched(batch, M, N, K, a_of, b_of, workspace, epilogue);   a_of(i), b_of(i), epilogue(i, m, n, sum)
//
// Operands (gemm_operands.h), seen alike from either side as (outer, k); outer is m for A and n for B:
//     Strided<T>{data, outer_stride, k_stride}   A [M, K]: {a, K, 1}   B [K, N]: {b, 1, N}   B [N, K]: {b, K, 1}
//     PackedB<T>{data, K}, PackedA<T>{data, K}   constants laid out by pack_weights(), packed_elements() long
//     Patches<T>{...}                            the patches of a convolution (gemm_convolution.h)
//     Lambda{fn}                                 fn(outer, k) -> float, computed as it is read
// T is float, f16, bf16 or another storage type of types.h.
//
// epilogue(m, n, sum) is called exactly once for each (m, n), in a vectorized loop over n, from any thread. It stores
// the result itself, so that bias, activation, residual and rounding cost no further pass. Capture by value. With
// K = 0 the sum is 0.
//
// `workspace` holds gemm_workspace_bytes(threads()) bytes = threads * 1572864, for any M, N, K. Concurrent calls need
// one each; calls from inside a parallel_for share one, each thread using its own part.
#pragma once

#include "gemm_skinny.h"
#include "parallel.h"

namespace lum {

// Cache blocks: a block of A stays in the second-level cache, a panel of B in the first-level one. When K needs several
// blocks, the sums of kBlockRows x kBlockCols are kept in between.
constexpr i64 kBlockRows = 384;
constexpr i64 kBlockDepth = 256;
constexpr i64 kBlockCols = 512;
static_assert(kBlockRows % kTileRows == 0 && kBlockCols % kTileCols == 0, "blocks are whole tiles");

// Packing pays when a panel is read often enough: beyond these many rows or columns on the other side.
constexpr i64 kInPlaceRows = 2 * kTileRows;
constexpr i64 kInPlaceCols = 96 * kTileCols;

// Rows so many floats apart fight for the same lines of the first-level cache.
constexpr i64 kSameLines = 1024;

// Blocks of k for few rows: of columns as they lie, and of packed panels.
constexpr i64 kStreamedDepth = 16;
constexpr i64 kStreamedPanelDepth = 1024;

constexpr i64 kGemmWorkspaceBytes = 1572864;
constexpr i64 gemm_workspace_bytes(int thread_count) { return thread_count * kGemmWorkspaceBytes; }

// One thread's part of the workspace, in floats.
constexpr i64 kPackedAFloats = kBlockRows * kBlockDepth + kPanelSlack;
constexpr i64 kPackedBFloats = kTileCols * kBlockDepth + kPanelSlack;
constexpr i64 kSumFloats = kBlockRows * kBlockCols;
static_assert((kPackedAFloats + kPackedBFloats + kSumFloats) * 4 <= kGemmWorkspaceBytes, "blocks fit the workspace");
static_assert(kInPlaceRows * kStreamedPanelDepth <= kPackedAFloats, "few deep rows of A fit their part");
static_assert(kSkinnyRows * (kSkinnyDepth + kSkinnyCols) * 4 <= kGemmWorkspaceBytes, "skinny sums fit the workspace");

inline float* thread_workspace(void* workspace) {
    return reinterpret_cast<float*>(static_cast<char*>(workspace) + thread_index() * kGemmWorkspaceBytes);
}

// Hands the sums of a tile to the epilogue. The full width is a constant so that the loop becomes straight vector code.
template <class Epilogue>
inline void finish_tile(i64 m, i64 n, i64 rows, i64 cols, const float* tile, const Epilogue& epilogue) {
    if (cols == kTileCols) {
        for (i64 i = 0; i < rows; ++i) {
            LUM_SIMD
            for (i64 j = 0; j < kTileCols; ++j) epilogue(m + i, n + j, tile[i * kTileCols + j]);
        }
        return;
    }
    for (i64 i = 0; i < rows; ++i)
        for (i64 j = 0; j < cols; ++j) epilogue(m + i, n + j, tile[i * kTileCols + j]);
}

// A panel of an operand that the register tile can read where it lies; data is null when it must be packed.
struct Panel {
    const float* data;
    i64 stride;  // of A's rows when they lie apart with k contiguous, 0 when packed; of B's k
};

template <class A>
Panel panel_of_a(const A&, i64, i64, i64) { return {nullptr, 0}; }
inline Panel panel_of_a(const PackedA<float>& a, i64 m, i64 k, i64) { return {a.panel(m, k), 0}; }
inline Panel panel_of_a(const Strided<float>& a, i64 m, i64 k, i64 cols) {
    // A stride of 0 (one row, or equal rows) would read as packed.
    if (a.k_stride != 1 || a.outer_stride == 0 || cols > kInPlaceCols) return {nullptr, 0};
    if (a.outer_stride % kSameLines == 0 && cols > 8 * kTileCols) return {nullptr, 0};
    return {a.data + m * a.outer_stride + k, a.outer_stride};
}

template <class B>
Panel panel_of_b(const B&, i64, i64, i64, i64) { return {nullptr, 0}; }
inline Panel panel_of_b(const PackedB<float>& b, i64 n, i64, i64 k, i64) { return {b.panel(n, k), kTileCols}; }
inline Panel panel_of_b(const Strided<float>& b, i64 n, i64 count, i64 k, i64 rows) {
    if (b.outer_stride != 1 || count < kTileCols || rows > kInPlaceRows) return {nullptr, 0};
    return {b.data + n + k * b.k_stride, b.k_stride};
}

// The packed panel that will be read next, null when there is none.
template <class B>
const float* panel_ahead(const B&, i64, i64, i64) { return nullptr; }
inline const float* panel_ahead(const PackedB<float>& b, i64 n, i64 end, i64 k) { return n < end ? b.panel(n, k) : nullptr; }

// Fetches a panel into the second-level cache, a part in each of `steps` steps: weights mostly come from memory.
struct Prefetch {
    const float* at;
    const float* end;
    i64 floats_per_step;

    Prefetch(const float* panel, i64 depth, i64 steps) : at(panel), end(panel), floats_per_step(0) {
        if (panel == nullptr) return;
        end = panel + depth * kTileCols;
        floats_per_step = (depth * kTileCols + steps - 1) / steps;
    }
    void step() {
        const float* until = end - at < floats_per_step ? end : at + floats_per_step;
        for (; at < until; at += 16) prefetch(at, 0);
    }
};

// How deep a block of k may be. Columns read where they lie, or packed for few rows, are read along whole rows of B
// rather than 64 bytes of each, so that memory streams: a few rows of B at a time, all columns of the block.
template <class B>
i64 block_depth_limit(const B&, i64) { return kBlockDepth; }
template <class T>
i64 block_depth_limit(const Strided<T>& b, i64 rows) {
    return b.outer_stride == 1 && rows <= kInPlaceRows ? kStreamedDepth : kBlockDepth;
}
// Packed panels are long runs already, and need no room of their own; few rows make them the whole cost.
inline i64 block_depth_limit(const PackedB<float>&, i64 rows) { return rows <= kInPlaceRows ? kStreamedPanelDepth : kBlockDepth; }

struct Range {
    i64 begin, end;
    i64 size() const { return end - begin; }
};

// Rows of A over a part of k, as the register tile reads them.
struct BlockOfA {
    const float* data;
    i64 stride;  // from one row to the next, of kTileRows that are packed together too
    bool packed;
};

// `room` holds a packed block. `cols`: how many columns it will be read for.
template <class A>
BlockOfA block_of_a(const A& a, Range rows, i64 k, i64 depth, i64 K, i64 cols, float* room) {
    const Panel panel = panel_of_a(a, rows.begin, k, cols);
    if (panel.data != nullptr) return {panel.data, panel.stride == 0 ? K : panel.stride, panel.stride == 0};  // PackedA spans all of k
    for (i64 m = rows.begin; m < rows.end; m += kTileRows)
        a.template pack<kTileRows>(m, smaller(kTileRows, rows.end - m), k, depth, room + (m - rows.begin) * depth);
    return {room, depth, true};
}

// The tile of `rows` rows from the block's row `m` on.
template <class Columns>
void microkernel_of(const BlockOfA& a, i64 m, i64 rows, i64 cols, i64 depth, Columns b, Tile tile, bool accumulate) {
    const float* from = a.data + m * a.stride;
    if (a.packed)
        microkernel_packed(rows, cols, depth, from, b, tile, accumulate);
    else
        microkernel_in_place(rows, cols, depth, from, a.stride, b, tile, accumulate);
}

// One thread's share of a large product: rows x cols, both starting at whole tiles.
template <class A, class B, class Epilogue>
void gemm_blocked(Range rows, Range cols, i64 K, const A& a, const B& b, float* workspace, const Epilogue& epilogue) {
    float* packed_a = workspace;
    float* packed_b = packed_a + kPackedAFloats;
    float* sums = packed_b + kPackedBFloats;
    const i64 limit = block_depth_limit(b, rows.size());
    const i64 depth_blocks = K <= limit ? 1 : (K + limit - 1) / limit;
    const i64 block_depth = (K + depth_blocks - 1) / depth_blocks;
    float tile[kTileRows * kTileCols];

    for (i64 n0 = cols.begin; n0 < cols.end; n0 += kBlockCols) {
        const i64 n_end = smaller(n0 + kBlockCols, cols.end);
        for (i64 m0 = rows.begin; m0 < rows.end; m0 += kBlockRows) {
            const i64 m_end = smaller(m0 + kBlockRows, rows.end);
            for (i64 block = 0; block < depth_blocks; ++block) {
                const i64 k = block * block_depth;
                const i64 depth = smaller(block_depth, K - k);
                const bool last = block + 1 == depth_blocks;
                const BlockOfA block_a = block_of_a(a, Range{m0, m_end}, k, depth, K, cols.size(), packed_a);
                float* kept = sums;
                for (i64 n = n0; n < n_end; n += kTileCols) {
                    const i64 tile_cols = smaller(kTileCols, n_end - n);
                    Prefetch next(panel_ahead(b, n + kTileCols, cols.end, k), depth, (m_end - m0 + kTileRows - 1) / kTileRows);
                    Panel panel_b = panel_of_b(b, n, tile_cols, k, rows.size());
                    if (panel_b.data == nullptr) {
                        b.template pack<kTileCols>(n, tile_cols, k, depth, packed_b);
                        panel_b = {packed_b, kTileCols};
                    }
                    for (i64 m = m0; m < m_end; m += kTileRows, kept += kTileRows * kTileCols) {
                        const i64 tile_rows = smaller(kTileRows, m_end - m);
                        next.step();
                        float* target = depth_blocks == 1 ? tile : kept;
                        microkernel_of(block_a, m - m0, tile_rows, tile_cols, depth,
                                       EvenColumns<float>{panel_b.data, panel_b.stride}, Tile{target, kTileCols}, block > 0);
                        if (last) finish_tile(m, n, tile_rows, tile_cols, target, epilogue);
                    }
                }
            }
        }
    }
}

// How many threads a contraction pays for, by its multiply-adds.
constexpr i64 kMultiplyAddsPerThread = 1 << 17;
inline i64 gemm_threads(i64 multiply_adds) {
    const i64 paid = multiply_adds / kMultiplyAddsPerThread;
    return inside_parallel() || paid <= 1 ? 1 : smaller(paid, threads());
}

// Share `index` of `count` equal shares of [0, size), in multiples of `unit`.
inline Range share_of(i64 size, i64 unit, i64 index, i64 count) {
    const i64 units = (size + unit - 1) / unit;
    return {smaller(units * index / count * unit, size), smaller(units * (index + 1) / count * unit, size)};
}

// The product cut into shares_m x shares_n equal rectangles.
struct Shares {
    i64 m, n;
    i64 count() const { return m * n; }
};

// Among the factorizations of `count`, the one whose largest rectangle is smallest; of equals, the squarest one.
inline Shares best_shares(i64 M, i64 N, i64 count) {
    const i64 tiles_m = (M + kTileRows - 1) / kTileRows, tiles_n = (N + kTileCols - 1) / kTileCols;
    Shares best{1, 1};
    i64 best_area = tiles_m * tiles_n + 1, best_edges = 0;
    for (i64 m = 1; m <= count; ++m) {
        const i64 n = count / m;
        const i64 height = (tiles_m + m - 1) / m, width = (tiles_n + n - 1) / n;
        const i64 area = height * width, edges = height * kTileRows + width * kTileCols;
        if (area > best_area || (area == best_area && edges >= best_edges)) continue;
        best = {m, n};
        best_area = area;
        best_edges = edges;
    }
    return best;
}

// A large rectangle of the product on the calling thread. Operands with a better way overload it.
template <class A, class B, class Epilogue>
void gemm_rectangle(Range rows, Range cols, i64 K, const A& a, const B& b, float* workspace, const Epilogue& epilogue) {
    gemm_blocked(rows, cols, K, a, b, workspace, epilogue);
}

// In which multiples the columns are shared among threads.
template <class B>
i64 column_unit(const B&) { return kTileCols; }

// rows x cols of the product on the calling thread.
template <class A, class B, class Epilogue>
void gemm_serial(Range rows, Range cols, i64 K, const A& a, const B& b, void* workspace, const Epilogue& epilogue) {
    if (rows.size() <= 0 || cols.size() <= 0) return;
    if constexpr (streams<B>) {
        if (rows.begin == 0 && rows.end <= kSkinnyRows && streams_now(b))
            return gemm_skinny(rows.end, cols.begin, cols.end, K, a, b, thread_workspace(workspace), epilogue);
    }
    gemm_rectangle(rows, cols, K, a, b, thread_workspace(workspace), epilogue);
}

template <class A, class B, class Epilogue>
void gemm(i64 M, i64 N, i64 K, const A& a, const B& b, void* workspace, const Epilogue& epilogue) {
    if constexpr (streams<A> && !streams<B>) {  // few columns: the transposed product is the skinny one
        if (N <= kSkinnyRows && M > N && streams_now(a))
            return gemm(N, M, K, b, a, workspace, [&](i64 n, i64 m, float sum) { epilogue(m, n, sum); });
    }
    const i64 count = gemm_threads(M * N * K);
    const Shares shares = M <= kSkinnyRows ? Shares{1, smaller(count, (N + kTileCols - 1) / kTileCols)}
                                           : best_shares(M, N, count);
    parallel_tasks(static_cast<int>(shares.count()), [&](int task) {
        gemm_serial(share_of(M, kTileRows, task / shares.n, shares.m), share_of(N, column_unit(b), task % shares.n, shares.n),
                    K, a, b, workspace, epilogue);
    });
}

// A batch of products of equal size (the heads of an attention), threads over the batch and, when that is too small,
// over the columns of each.
template <class AOf, class BOf, class Epilogue>
void gemm_batched(i64 batch, i64 M, i64 N, i64 K, const AOf& a_of, const BOf& b_of, void* workspace,
                  const Epilogue& epilogue) {
    if (batch <= 0) return;
    const i64 count = gemm_threads(batch * M * N * K);
    const i64 per_item = count <= batch ? 1 : smaller((count + batch - 1) / batch, (N + kTileCols - 1) / kTileCols);
    parallel_for(batch * per_item, count <= 1 ? batch * per_item : 1, [&](i64 begin, i64 end) {
        for (i64 task = begin; task < end; ++task) {
            const i64 item = task / per_item;
            const auto b = b_of(item);
            gemm_serial(Range{0, M}, share_of(N, column_unit(b), task % per_item, per_item), K, a_of(item), b, workspace,
                        [&](i64 m, i64 n, float sum) { epilogue(item, m, n, sum); });
        }
    });
}

}  // namespace lum
