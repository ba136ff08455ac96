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
// gemm<Schedule>(...) and gemm_batched<Schedule>(...) walk the product as a schedule of gemm_schedules.h says.
//
// epilogue(m, n, sum) is called exactly once for each (m, n), in a vectorized loop over n, from any thread. It stores
// the result itself, so that bias, activation, residual and rounding cost no further pass. Capture by value. With
// K = 0 the sum is 0.
//
// `workspace` holds gemm_workspace_bytes(threads()) bytes, 1.5 MiB a thread (3 MiB with AVX-512), for any M, N, K.
// Concurrent calls need one each; calls from inside a parallel_for share one, each thread using its own part.
#pragma once

#include "gemm_schedules.h"
#include "gemm_skinny.h"
#include "parallel.h"

namespace lum {

// Cache blocks: a block of A stays in the second-level cache, a panel of B in the first-level one. When K needs several
// blocks, the sums of kBlockRows x kBlockCols are kept in between.
constexpr i64 kBlockRows = 384;
constexpr i64 kBlockDepth = 256;
constexpr i64 kBlockCols = 512;
static_assert(kBlockRows % TallTile::rows == 0 && kBlockRows % WideTile::rows == 0, "blocks are whole tiles");

// Packing pays when a panel is read often enough: beyond these many rows or columns on the other side.
constexpr i64 kInPlaceRows = 2 * kTileRows;
constexpr i64 kInPlaceCols = 96 * kTileCols;
constexpr i64 kInPlaceMostRows = 16 * kTileRows;
constexpr i64 kInPlaceMostFarRows = 4 * kTileRows;

// Rows so many floats apart fight for the same lines of the first-level cache.
constexpr i64 kSameLines = 1024;

// Blocks of k for few rows: of columns as they lie, and of packed panels.
constexpr i64 kStreamedDepth = 16;
constexpr i64 kStreamedPanelDepth = 1024;

constexpr i64 kGemmWorkspaceBytes = 1572864 * (kTileCols > 16 ? 2 : 1);
constexpr i64 gemm_workspace_bytes(int thread_count) { return thread_count * kGemmWorkspaceBytes; }

// One thread's part of the workspace, in floats.
constexpr i64 kPackedAFloats = kBlockRows * kBlockDepth + kPanelSlack;
constexpr i64 kPackedBFloats = WideTile::cols * kBlockDepth + kPanelSlack;
constexpr i64 kSumFloats = kBlockRows * kBlockCols;
static_assert((kPackedAFloats + kPackedBFloats + kSumFloats) * 4 <= kGemmWorkspaceBytes, "blocks fit the workspace");
static_assert(kInPlaceRows * kStreamedPanelDepth <= kPackedAFloats, "few deep rows of A fit their part");
static_assert(kSkinnyRows * (kSkinnyDepth + kSkinnyCols) * 4 <= kGemmWorkspaceBytes, "skinny sums fit the workspace");

inline float* thread_workspace(void* workspace) {
    return reinterpret_cast<float*>(static_cast<char*>(workspace) + thread_index() * kGemmWorkspaceBytes);
}

// Hands the sums of a tile to the epilogue. The full width is a constant so that the loop becomes straight vector code.
template <int Width = kTileCols, class Epilogue>
inline void finish_tile(i64 m, i64 n, i64 rows, i64 cols, const float* tile, const Epilogue& epilogue) {
    if (cols == Width) {
        for (i64 i = 0; i < rows; ++i) {
            LUM_SIMD
            for (i64 j = 0; j < Width; ++j) epilogue(m + i, n + j, tile[i * Width + j]);
        }
        return;
    }
    for (i64 i = 0; i < rows; ++i)
        for (i64 j = 0; j < cols; ++j) epilogue(m + i, n + j, tile[i * Width + j]);
}

// A panel of A that the register tile can read where it lies; data is null when it must be packed.
struct Panel {
    const float* data;
    i64 stride;  // of rows that lie apart with k contiguous, 0 when packed
};

template <class S, class A>
Panel panel_of_a(const A&, i64, i64, i64) { return {nullptr, 0}; }
template <class S>
Panel panel_of_a(const PackedA<float>& a, i64 m, i64 k, i64) {
    if (S::rows != kTileRows) return {nullptr, 0};
    return {a.panel(m, k), 0};
}
template <class S>
Panel panel_of_a(const Strided<float>& a, i64 m, i64 k, i64 cols) {
    // A stride of 0 (one row, or equal rows) would read as packed.
    if (a.k_stride != 1 || a.outer_stride == 0 || S::packing == Packing::always) return {nullptr, 0};
    const bool far = a.outer_stride % kSameLines == 0 && cols > 8 * kTileCols;
    if (S::packing == Packing::by_size && (far || cols > kInPlaceCols)) return {nullptr, 0};
    return {a.data + m * a.outer_stride + k, a.outer_stride};
}

// `count` columns of B over `depth` of k as the register tile reads them; `room` holds a packed panel.
template <class S, class B>
EvenColumns<float> columns_of_b(const B& b, i64 n, i64 count, i64 k, i64 depth, i64, float* room) {
    b.template pack<S::cols>(n, count, k, depth, room);
    return {room, S::cols};
}
template <class S>
EvenColumns<float> columns_of_b(const Strided<float>& b, i64 n, i64 count, i64 k, i64 depth, i64 rows, float* room) {
    const i64 never = b.k_stride % kSameLines == 0 ? kInPlaceMostFarRows : kInPlaceMostRows;
    const i64 most = S::packing == Packing::never ? never : S::packing == Packing::always ? 0 : kInPlaceRows;
    if (rows <= most && b.outer_stride == 1 && count == S::cols) return {b.data + n + k * b.k_stride, b.k_stride};
    b.template pack<S::cols>(n, count, k, depth, room);
    return {room, S::cols};
}
template <class S>
auto columns_of_b(const PackedB<float>& b, i64 n, i64 count, i64 k, i64, i64, float*) {
    if constexpr (kTileCols % S::cols == 0) {
        return EvenColumns<float>{b.panel(n, k) + n % kTileCols, kTileCols};
    } else {
        PanelColumns<S::cols / kLanes> columns;
        columns.stride = kTileCols;
        for (int v = 0; v < S::cols / kLanes; ++v) {
            const i64 column = v * kLanes < count ? n + v * kLanes : n;  // beyond the last column any will do
            columns.data[v] = b.panel(column, k) + column % kTileCols;
        }
        return columns;
    }
}

struct Ahead {
    const float* data;
    i64 floats;
};

// What the tile from column n on will read of packed panels that the one before it has not; nothing elsewhere.
template <class S, class B>
Ahead panels_ahead(const B&, i64, i64, i64, i64) { return {nullptr, 0}; }
template <class S>
Ahead panels_ahead(const PackedB<float>& b, i64 n, i64 end, i64 k, i64 depth) {
    const i64 first = (n + kTileCols - 1) / kTileCols * kTileCols, until = smaller(n + S::cols, end);
    if (first >= until) return {nullptr, 0};
    // Two panels lie one behind the other where a block is as deep as they are.
    const i64 panels = depth == b.K ? (until - first + kTileCols - 1) / kTileCols : 1;
    return {b.panel(first, k), panels * depth * kTileCols};
}

// Fetches panels into the second-level cache, a part in each of `steps` steps: weights mostly come from memory.
struct Prefetch {
    const float* at;
    const float* end;
    i64 floats_per_step;

    Prefetch(Ahead ahead, i64 steps)
        : at(ahead.data), end(ahead.data + ahead.floats), floats_per_step((ahead.floats + steps - 1) / steps) {}
    void step() {
        const float* until = end - at < floats_per_step ? end : at + floats_per_step;
        for (; at < until; at += 16) prefetch(at, 0);
    }
};

// How deep a block of k may be. Columns read where they lie, or packed for few rows, are read along whole rows of B
// rather than 64 bytes of each, so that memory streams: a few rows of B at a time, all columns of the block.
template <class S, class B>
i64 block_depth_limit(const B&, i64) { return kBlockDepth; }
template <class S, class T>
i64 block_depth_limit(const Strided<T>& b, i64 rows) {
    const bool streams = b.outer_stride == 1 && rows <= kInPlaceRows && S::packing != Packing::always;
    return streams ? kStreamedDepth : kBlockDepth;
}
// Packed panels are long runs already, and need no room of their own; few rows make them the whole cost.
template <class S>
i64 block_depth_limit(const PackedB<float>&, i64 rows) {
    return rows <= kInPlaceRows ? kStreamedPanelDepth : kBlockDepth;
}

// Rows of A over a part of k, as the register tile reads them.
struct BlockOfA {
    const float* data;
    i64 stride;  // from one row to the next, of the tile's rows that are packed together too
    bool packed;
};

// `room` holds a packed block. `cols`: how many columns it will be read for.
template <class S, class A>
BlockOfA block_of_a(const A& a, Range rows, i64 k, i64 depth, i64 K, i64 cols, float* room) {
    const Panel panel = panel_of_a<S>(a, rows.begin, k, cols);
    if (panel.data != nullptr) return {panel.data, panel.stride == 0 ? K : panel.stride, panel.stride == 0};  // PackedA spans all of k
    for (i64 m = rows.begin; m < rows.end; m += S::rows)
        a.template pack<S::rows>(m, smaller(S::rows, rows.end - m), k, depth, room + (m - rows.begin) * depth);
    return {room, depth, true};
}

// The tile of `rows` rows from the block's row `m` on.
template <class S, class Columns>
void microkernel_of(const BlockOfA& a, i64 m, i64 rows, i64 cols, i64 depth, Columns b, Tile tile, bool accumulate) {
    const float* from = a.data + m * a.stride;
    if (a.packed)
        microkernel_packed<S::rows, S::cols>(rows, cols, depth, from, b, tile, accumulate);
    else
        microkernel_in_place<S::rows, S::cols>(rows, cols, depth, from, a.stride, b, tile, accumulate);
}

// Where the blocks of a part of the workspace lie.
struct Room {
    float *packed_a, *packed_b, *sums;
    explicit Room(float* workspace)
        : packed_a(workspace), packed_b(packed_a + kPackedAFloats), sums(packed_b + kPackedBFloats) {}
};

// An epilogue that leaves the sums in the room for them, tile after tile, columns outermost: of one block.
struct KeepSums {};
template <class Epilogue>
constexpr bool keeps_sums = false;
template <>
inline constexpr bool keeps_sums<KeepSums> = true;

template <class S>
constexpr i64 kBlockColsOf = kBlockCols / S::cols * S::cols;

// Rows x cols, both starting at whole tiles, of a product that is summed over `depths` of K.
template <class S, class A, class B, class Epilogue>
void sum_blocks(Range rows, Range cols, Range depths, i64 K, const A& a, const B& b, float* workspace, const Epilogue& epilogue) {
    const Room room(workspace);
    const i64 limit = block_depth_limit<S>(b, rows.size());
    const i64 depth_blocks = depths.size() <= limit ? 1 : (depths.size() + limit - 1) / limit;
    const i64 block_depth = (depths.size() + depth_blocks - 1) / depth_blocks;
    const bool in_tile = depth_blocks == 1 && !keeps_sums<Epilogue>;
    float tile[S::rows * S::cols];

    for (i64 n0 = cols.begin; n0 < cols.end; n0 += kBlockColsOf<S>) {
        const i64 n_end = smaller(n0 + kBlockColsOf<S>, cols.end);
        for (i64 m0 = rows.begin; m0 < rows.end; m0 += kBlockRows) {
            const i64 m_end = smaller(m0 + kBlockRows, rows.end);
            for (i64 block = 0; block < depth_blocks; ++block) {
                const i64 k = depths.begin + block * block_depth;
                const i64 depth = smaller(block_depth, depths.end - k);
                const bool last = block + 1 == depth_blocks;
                const BlockOfA block_a = block_of_a<S>(a, Range{m0, m_end}, k, depth, K, cols.size(), room.packed_a);
                float* kept = room.sums;
                for (i64 n = n0; n < n_end; n += S::cols) {
                    const i64 tile_cols = smaller(S::cols, n_end - n);
                    Prefetch next(panels_ahead<S>(b, n + S::cols, cols.end, k, depth), (m_end - m0 + S::rows - 1) / S::rows);
                    const auto columns = columns_of_b<S>(b, n, tile_cols, k, depth, rows.size(), room.packed_b);
                    for (i64 m = m0; m < m_end; m += S::rows, kept += S::rows * S::cols) {
                        const i64 tile_rows = smaller(S::rows, m_end - m);
                        next.step();
                        float* target = in_tile ? tile : kept;
                        microkernel_of<S>(block_a, m - m0, tile_rows, tile_cols, depth, columns, Tile{target, S::cols}, block > 0);
                        if constexpr (!keeps_sums<Epilogue>)
                            if (last) finish_tile<S::cols>(m, n, tile_rows, tile_cols, target, epilogue);
                    }
                }
            }
        }
    }
}

// One thread's share of a large product.
template <class S = BySize, class A, class B, class Epilogue>
void gemm_blocked(Range rows, Range cols, i64 K, const A& a, const B& b, float* workspace, const Epilogue& epilogue) {
    sum_blocks<S>(rows, cols, Range{0, K}, K, a, b, workspace, epilogue);
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
template <class S = BySize>
Shares best_shares(i64 M, i64 N, i64 count) {
    const i64 tiles_m = (M + S::rows - 1) / S::rows, tiles_n = (N + S::cols - 1) / S::cols;
    Shares best{1, 1};
    i64 best_area = tiles_m * tiles_n + 1, best_edges = 0;
    for (i64 m = 1; m <= count; ++m) {
        const i64 n = count / m;
        const i64 height = (tiles_m + m - 1) / m, width = (tiles_n + n - 1) / n;
        const i64 area = height * width, edges = height * S::rows + width * S::cols;
        if (area > best_area || (area == best_area && edges >= best_edges)) continue;
        best = {m, n};
        best_area = area;
        best_edges = edges;
    }
    return best;
}

// A large rectangle of the product on the calling thread. Operands with a better way overload it.
template <class S, class A, class B, class Epilogue>
void gemm_rectangle(Range rows, Range cols, i64 K, const A& a, const B& b, float* workspace, const Epilogue& epilogue) {
    gemm_blocked<S>(rows, cols, K, a, b, workspace, epilogue);
}

// Few rows are read by whole panels, whatever the tile.
template <class S>
constexpr i64 tile_columns(i64 rows) { return rows <= kSkinnyRows ? kTileCols : S::cols; }

// In which multiples the columns are shared among threads.
template <class B>
i64 column_unit(const B&, i64 tile_cols) { return tile_cols; }

// rows x cols of the product on the calling thread.
template <class S = BySize, class A, class B, class Epilogue>
void gemm_serial(Range rows, Range cols, i64 K, const A& a, const B& b, void* workspace, const Epilogue& epilogue) {
    if (rows.size() <= 0 || cols.size() <= 0) return;
    if constexpr (streams<B>) {
        if (rows.begin == 0 && rows.end <= kSkinnyRows && streams_now(b))
            return gemm_skinny(rows.end, cols.begin, cols.end, K, a, b, thread_workspace(workspace), epilogue);
    }
    gemm_rectangle<S>(rows, cols, K, a, b, thread_workspace(workspace), epilogue);
}

// Terms of each sum that a thread should have to itself.
constexpr i64 kSplitDepth = 256;

// The parts of k on a thread each, then the sums of all. False where the result is too large or k too short for that.
template <class S, class A, class B, class Epilogue>
bool gemm_split_depth(i64 count, i64 M, i64 N, i64 K, const A& a, const B& b, void* workspace, const Epilogue& epilogue) {
    const i64 parts = smaller(count, K / kSplitDepth);
    bool skinny = false;
    if constexpr (streams<B>) skinny = M <= kSkinnyRows && N <= kSkinnyCols && streams_now(b);
    if (parts <= 1 || (!skinny && (M > kBlockRows || N > kBlockColsOf<S>))) return false;
    const auto part_of = [=](i64 part) {
        return reinterpret_cast<float*>(static_cast<char*>(workspace) + part * kGemmWorkspaceBytes);
    };
    parallel_tasks(static_cast<int>(parts), [&](int part) {
        const Range depths{K * part / parts, K * (part + 1) / parts};
        if constexpr (streams<B>) {
            i64 staged_k = -1;
            if (skinny) return void(skinny_sums(M, 0, N, depths, a, b, part_of(part), staged_k));
        }
        sum_blocks<S>(Range{0, M}, Range{0, N}, depths, K, a, b, part_of(part), KeepSums{});
    });
    // Each of few rows is a tile of its own.
    const i64 rows = skinny ? 1 : S::rows, cols = skinny ? kSkinnyCols : S::cols;
    const i64 tiles_m = (M + rows - 1) / rows, tiles = tiles_m * ((N + cols - 1) / cols);
    const auto sums_of = [=](i64 part) {
        return skinny ? part_of(part) + kSkinnyRows * kSkinnyDepth : Room(part_of(part)).sums;
    };
    parallel_for(tiles, grain_for(parts * rows * smaller(cols, N)), [&](i64 begin, i64 end) {
        for (i64 t = begin; t < end; ++t) {
            const i64 m = t % tiles_m * rows, n = t / tiles_m * cols, tile_cols = smaller(cols, N - n);
            for (i64 i = 0; i < smaller(rows, M - m); ++i) {
                const i64 at = (t * rows + i) * cols;
                float* row = sums_of(0) + at;
                for (i64 part = 1; part < parts; ++part) {
                    const float* other = sums_of(part) + at;
                    LUM_SIMD
                    for (i64 j = 0; j < tile_cols; ++j) row[j] += other[j];
                }
                LUM_SIMD
                for (i64 j = 0; j < tile_cols; ++j) epilogue(m + i, n + j, row[j]);
            }
        }
    });
    return true;
}

template <class S = BySize, class A, class B, class Epilogue>
void gemm(i64 M, i64 N, i64 K, const A& a, const B& b, void* workspace, const Epilogue& epilogue) {
    if constexpr (streams<A> && !streams<B>) {  // few columns: the transposed product is the skinny one
        if (N <= kSkinnyRows && M > N && streams_now(a))
            return gemm<S>(N, M, K, b, a, workspace, [&](i64 n, i64 m, float sum) { epilogue(m, n, sum); });
    }
    if constexpr (S::rows != kTileRows)
        if (!pays<S>(M, N)) return gemm(M, N, K, a, b, workspace, epilogue);
    const i64 count = gemm_threads(M * N * K);
    if constexpr (S::splits_depth)
        if (gemm_split_depth<S>(count, M, N, K, a, b, workspace, epilogue)) return;
    const i64 unit = column_unit(b, tile_columns<S>(M));
    const Shares shares = M <= kSkinnyRows ? Shares{1, smaller(count, (N + unit - 1) / unit)} : best_shares<S>(M, N, count);
    parallel_tasks(static_cast<int>(shares.count()), [&](int task) {
        const Range rows = share_of(M, S::rows, task / shares.n, shares.m);
        const Range cols = share_of(N, unit, task % shares.n, shares.n);
        gemm_serial<S>(rows, cols, K, a, b, workspace, epilogue);
    });
}

// A batch of products of equal size (the heads of an attention), threads over the batch and, when that is too small,
// over the columns of each.
template <class S = BySize, class AOf, class BOf, class Epilogue>
void gemm_batched(i64 batch, i64 M, i64 N, i64 K, const AOf& a_of, const BOf& b_of, void* workspace,
                  const Epilogue& epilogue) {
    if (batch <= 0) return;
    if constexpr (S::rows != kTileRows)
        if (!pays<S>(M, N)) return gemm_batched(batch, M, N, K, a_of, b_of, workspace, epilogue);
    const i64 count = gemm_threads(batch * M * N * K), unit = tile_columns<S>(M);
    const i64 per_item = count <= batch ? 1 : smaller((count + batch - 1) / batch, (N + unit - 1) / unit);
    parallel_for(batch * per_item, count <= 1 ? batch * per_item : 1, [&](i64 begin, i64 end) {
        for (i64 task = begin; task < end; ++task) {
            const i64 item = task / per_item;
            const auto b = b_of(item);
            gemm_serial<S>(Range{0, M}, share_of(N, column_unit(b, unit), task % per_item, per_item), K, a_of(item), b,
                           workspace, [&](i64 m, i64 n, float sum) { epilogue(item, m, n, sum); });
        }
    });
}

}  // namespace lum
