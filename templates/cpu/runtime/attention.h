// Attention in one pass over the keys: for every item, row and column of the values,
//
//     epilogue(item, row, n, sum over keys of e * value(key, n), sum over keys of e)
//     e = exp(s - greatest s of the row),   s = score(item, row, key, sum over k of query(row, k) * key(key, k))
//
//     attention(AttentionSizes{items, group, rows, keys, depth, width}, q_of, k_of, v_of, keys_of, score, workspace, epilogue)
//
// q_of(item), k_of(item), v_of(item): operands (gemm_operands.h) seen as (row, k), (key, k) and (n, key). `group`
// consecutive items have the same keys and values, those of their first: they are read once for all.
// keys_of(item, row): the keys whose score may be other than -infinity; the others are not looked at.
// score() is called in a vectorized loop over the keys, epilogue() in one over n, both from any thread.
//
// Scores exist for a block of rows and keys at a time. A row's sums so far are rescaled when a greater score comes. A row
// that sees no key has the sums of its formula, NaN.
//
// `workspace`: as for gemm().
#pragma once

#include <atomic>
#include <type_traits>
#include <vector>

#include "gemm.h"
#include "math.h"

namespace lum {

struct AttentionSizes {
    i64 items, group, rows, keys, depth, width;
};

struct KeyRange {
    i64 begin, end;
};

// What is computed at a time: rows of a group of items against keys.
constexpr i64 kAttentionRows = 192;
constexpr i64 kAttentionKeys = 256;
static_assert(kAttentionRows % kTileRows == 0 && kAttentionKeys % kTileCols == 0, "blocks are whole tiles");

// Up to so many rows in a group of items, keys and values are read where they lie.
constexpr i64 kStreamedRows = 8;

inline i64 rounded_up(i64 size, i64 unit) { return (size + unit - 1) / unit * unit; }

// A thread's part of the workspace.
struct AttentionRoom {
    float* sums;    // [rows][width], rows sums_stride apart
    float* scores;  // [rows][kAttentionKeys]
    float* queries;
    float* key_panel;
    float* value_panel;
    i64 sums_stride;
    i64 rows;  // how many fit

    AttentionRoom(void* workspace, i64 part, const AttentionSizes& s) {
        float* at = reinterpret_cast<float*>(static_cast<char*>(workspace) + part * kGemmWorkspaceBytes);
        sums_stride = rounded_up(s.width, kTileCols);
        key_panel = at;
        value_panel = key_panel + s.depth * kTileCols + kPanelSlack;
        at = value_panel + kAttentionKeys * kTileCols + kPanelSlack;
        const i64 left = kGemmWorkspaceBytes / 4 - (at - key_panel) - kPanelSlack;
        const i64 fitting = left / (sums_stride + kAttentionKeys + s.depth) / kTileRows * kTileRows;
        rows = smaller(kAttentionRows, fitting);
        sums = at;
        scores = sums + rows * sums_stride;
        queries = scores + rows * kAttentionKeys;
    }
};

// Rows in the making: which they are, and what has been seen of each so far.
struct AttentionRows {
    i64 count;
    i64 item[kAttentionRows], row[kAttentionRows];
    KeyRange seen[kAttentionRows];
    float greatest[kAttentionRows], total[kAttentionRows];
};

// The part of the keys [begin, end) that rows [first, first + count) see.
inline KeyRange keys_seen(const AttentionRows& rows, i64 first, i64 count, i64 begin, i64 end) {
    KeyRange all{end, begin};
    for (i64 r = first; r < first + count; ++r) {
        if (rows.seen[r].begin >= rows.seen[r].end) continue;
        all.begin = smaller(all.begin, rows.seen[r].begin);
        all.end = larger(all.end, rows.seen[r].end);
    }
    return {larger(all.begin, begin), smaller(all.end, end)};
}

// exp(scores - greatest) in place of a row's scores for keys [begin, end), 0 for the others up to [from, to), all
// counted from the block's first key. The row's sums are rescaled when its greatest grows.
inline void rescale(float* scores, i64 from, i64 to, i64 begin, i64 end, float* sums, i64 width, float& greatest, float& total) {
    for (i64 j = from; j < begin; ++j) scores[j] = 0.0f;
    for (i64 j = larger(end, from); j < to; ++j) scores[j] = 0.0f;
    if (begin >= end) return;
    float now = greatest;
    i64 j = begin;
    if (end - begin >= kLanes) {
        vfloat most = load(scores + begin);
        for (j = begin + kLanes; j + kLanes <= end; j += kLanes) {
            const vfloat value = load(scores + j);
            most = value > most ? value : most;
        }
        now = max_lanes(most) > now ? max_lanes(most) : now;
    }
    for (; j < end; ++j) now = scores[j] > now ? scores[j] : now;
    if (now != greatest) {
        const float scale = exp(greatest - now);
        total *= scale;
        LUM_SIMD
        for (i64 n = 0; n < width; ++n) sums[n] *= scale;
        greatest = now;
    }
    // A row of nothing but -infinity so far: its exponentials are 0, and NaN in the end if nothing greater comes.
    const float shift = now == -INFINITY ? 0.0f : now;
    LUM_SIMD
    for (i64 i = begin; i < end; ++i) scores[i] = exp(scores[i] - shift);
    vfloat sum{};
    for (j = begin; j + kLanes <= end; j += kLanes) sum = sum + load(scores + j);
    for (; j < end; ++j) total += scores[j];
    total += sum_lanes(sum);
}

// Scores of a row's keys in place of its products.
template <class Score>
void score_row(const Score& score, i64 item, i64 row, i64 first, KeyRange keys, float* scores) {
    LUM_SIMD
    for (i64 j = keys.begin; j < keys.end; ++j) scores[j - first] = score(item, row, j, scores[j - first]);
}

// Adds the keys [begin, end) to rows that are many enough for keys and values to be packed.
template <class K, class V, class Score>
void attend_block(AttentionRows& rows, i64 begin, i64 end, const AttentionSizes& s, const AttentionRoom& room, const K& k,
                  const V& v, const Score& score) {
    const KeyRange block = keys_seen(rows, 0, rows.count, begin, end);
    if (block.begin >= block.end) return;
    const i64 first = block.begin;
    KeyRange seen[kAttentionRows / kTileRows];
    for (i64 r = 0; r < rows.count; r += kTileRows)
        seen[r / kTileRows] = keys_seen(rows, r, smaller(kTileRows, rows.count - r), block.begin, block.end);
    for (i64 j = block.begin; j < block.end; j += kTileCols) {
        const i64 cols = smaller(kTileCols, block.end - j);
        k.template pack<kTileCols>(j, cols, 0, s.depth, room.key_panel);
        for (i64 r = 0; r < rows.count; r += kTileRows) {
            const KeyRange own = seen[r / kTileRows];
            if (own.begin >= j + cols || own.end <= j) continue;
            microkernel_packed(smaller(kTileRows, rows.count - r), kTileCols, s.depth, room.queries + r * s.depth,
                               EvenColumns<float>{room.key_panel, kTileCols},
                               Tile{room.scores + r * kAttentionKeys + j - first, kAttentionKeys}, false);
        }
    }
    for (i64 r = 0; r < rows.count; ++r) {
        const KeyRange tile = seen[r / kTileRows];
        if (tile.begin >= tile.end) continue;
        const KeyRange own = keys_seen(rows, r, 1, block.begin, block.end);
        float* scores = room.scores + r * kAttentionKeys;
        score_row(score, rows.item[r], rows.row[r], first, own, scores);
        rescale(scores, tile.begin - first, tile.end - first, own.begin - first, own.end - first, room.sums + r * room.sums_stride,
                s.width, rows.greatest[r], rows.total[r]);
    }
    for (i64 n = 0; n < s.width; n += kTileCols) {
        v.template pack<kTileCols>(n, smaller(kTileCols, s.width - n), block.begin, block.end - block.begin, room.value_panel);
        for (i64 r = 0; r < rows.count; r += kTileRows) {
            const KeyRange own = seen[r / kTileRows];
            if (own.begin >= own.end) continue;
            microkernel_in_place(smaller(kTileRows, rows.count - r), kTileCols, own.end - own.begin,
                                 room.scores + r * kAttentionKeys + own.begin - first, kAttentionKeys,
                                 EvenColumns<float>{room.value_panel + (own.begin - first) * kTileCols, kTileCols},
                                 Tile{room.sums + r * room.sums_stride + n, room.sums_stride}, true);
        }
    }
}

// Products of a few rows with keys that lie in memory, k contiguous.
template <class T>
void stream_scores(i64 rows, i64 keys, const AttentionSizes& s, const float* queries, const Strided<T>& k, i64 first, float* scores) {
    const T* from = k.data + first * k.outer_stride;
    for (i64 r = 0; r < rows; ++r)
        for (i64 j = 0; j < keys; ++j) scores[r * kAttentionKeys + j] = 0.0f;
    i64 r = 0;
    for (; r + 4 <= rows; r += 4)
        dot_columns<4>(keys, s.depth, queries + r * s.depth, s.depth, from, k.outer_stride, scores + r * kAttentionKeys, kAttentionKeys);
    for (; r + 2 <= rows; r += 2)
        dot_columns<2>(keys, s.depth, queries + r * s.depth, s.depth, from, k.outer_stride, scores + r * kAttentionKeys, kAttentionKeys);
    if (r < rows)
        dot_columns<1>(keys, s.depth, queries + r * s.depth, s.depth, from, k.outer_stride, scores + r * kAttentionKeys, kAttentionKeys);
}

// sums[r][n] += sum over keys of scores[r][key] * v(n, key), n contiguous: some columns' sums in registers at a time.
template <int Rows, int Vectors, class T>
i64 stream_columns(i64 n, i64 width, i64 keys, const float* scores, const T* v, i64 v_stride, float* sums, i64 sums_stride) {
    for (; n + Vectors * kLanes <= width; n += Vectors * kLanes) {
        vfloat sum[Rows][Vectors];
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int u = 0; u < Vectors; ++u) sum[i][u] = load(sums + i * sums_stride + n + u * kLanes);
        for (i64 j = 0; j < keys; ++j) {
            vfloat values[Vectors];
#pragma GCC unroll 16
            for (int u = 0; u < Vectors; ++u) values[u] = load(v + j * v_stride + n + u * kLanes);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
                for (int u = 0; u < Vectors; ++u) sum[i][u] = sum[i][u] + scores[i * kAttentionKeys + j] * values[u];
        }
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int u = 0; u < Vectors; ++u) store(sums + i * sums_stride + n + u * kLanes, sum[i][u]);
    }
    return n;
}
template <int Rows, class T>
void stream_values(i64 width, i64 keys, const float* scores, const T* v, i64 v_stride, float* sums, i64 sums_stride) {
    constexpr int most = Rows == 1 ? 8 : Rows == 2 ? 4 : 2;
    i64 n = stream_columns<Rows, most>(0, width, keys, scores, v, v_stride, sums, sums_stride);
    n = stream_columns<Rows, 1>(n, width, keys, scores, v, v_stride, sums, sums_stride);
    if (n < width) add_remainder(Rows, width - n, keys, scores, kAttentionKeys, v + n, 1, v_stride, sums + n, sums_stride);
}

// Adds the keys [begin, end) to a few rows.
template <class TK, class TV, class Score>
void attend_streaming(AttentionRows& rows, i64 begin, i64 end, const AttentionSizes& s, const AttentionRoom& room, const Strided<TK>& k,
                      const Strided<TV>& v, const Score& score) {
    const KeyRange block = keys_seen(rows, 0, rows.count, begin, end);
    if (block.begin >= block.end) return;
    const i64 keys = block.end - block.begin;
    stream_scores(rows.count, keys, s, room.queries, k, block.begin, room.scores);
    for (i64 r = 0; r < rows.count; ++r) {
        const KeyRange own = keys_seen(rows, r, 1, block.begin, block.end);
        float* scores = room.scores + r * kAttentionKeys;
        score_row(score, rows.item[r], rows.row[r], block.begin, own, scores);
        rescale(scores, 0, keys, own.begin - block.begin, own.end - block.begin, room.sums + r * room.sums_stride, s.width,
                rows.greatest[r], rows.total[r]);
    }
    const TV* from = v.data + block.begin * v.k_stride;
    i64 r = 0;
    const auto scores = [&] { return room.scores + r * kAttentionKeys; };
    const auto sums = [&] { return room.sums + r * room.sums_stride; };
    for (; r + 4 <= rows.count; r += 4) stream_values<4>(s.width, keys, scores(), from, v.k_stride, sums(), room.sums_stride);
    for (; r + 2 <= rows.count; r += 2) stream_values<2>(s.width, keys, scores(), from, v.k_stride, sums(), room.sums_stride);
    if (r < rows.count) stream_values<1>(s.width, keys, scores(), from, v.k_stride, sums(), room.sums_stride);
}

// Whether a few rows can read keys and values where they lie.
template <class K, class V>
constexpr bool attention_streams = false;
template <class TK, class TV>
constexpr bool attention_streams<Strided<TK>, Strided<TV>> = true;

// Rows [first, first + count) of a group over the keys [begin, end): fills `rows` and the sums in `room`.
template <class QOf, class KOf, class VOf, class KeysOf, class Score>
void attend(i64 group, i64 first, i64 count, KeyRange keys, const AttentionSizes& s, const AttentionRoom& room, AttentionRows& rows,
            const QOf& q_of, const KOf& k_of, const VOf& v_of, const KeysOf& keys_of, const Score& score) {
    rows.count = count;
    for (i64 r = 0; r < count; ++r) {
        rows.item[r] = group * s.group + (first + r) / s.rows;
        rows.row[r] = (first + r) % s.rows;
        const KeyRange seen = keys_of(rows.item[r], rows.row[r]);
        rows.seen[r] = {larger(seen.begin, keys.begin), smaller(seen.end, keys.end)};
        rows.greatest[r] = -INFINITY;
        rows.total[r] = 0.0f;
    }
    for (i64 i = 0; i < count * room.sums_stride; ++i) room.sums[i] = 0.0f;
    const KeyRange all = keys_seen(rows, 0, count, keys.begin, keys.end);
    const auto k = k_of(group * s.group);
    const auto v = v_of(group * s.group);
    if constexpr (attention_streams<std::decay_t<decltype(k)>, std::decay_t<decltype(v)>>) {
        if (count <= kStreamedRows && k.k_stride == 1 && v.outer_stride == 1) {
            for (i64 r = 0; r < count; ++r) {
                const auto q = q_of(rows.item[r]);
                for (i64 kk = 0; kk < s.depth; ++kk) room.queries[r * s.depth + kk] = q.at(rows.row[r], kk);
            }
            for (i64 j = all.begin; j < all.end; j += kAttentionKeys)
                attend_streaming(rows, j, smaller(j + kAttentionKeys, all.end), s, room, k, v, score);
            return;
        }
    }
    // Tiles of rows, those of the same item together where they can be.
    for (i64 r = 0; r < count; r += kTileRows) {
        const i64 tile = smaller(kTileRows, count - r);
        float* panel = room.queries + r * s.depth;
        if (rows.item[r] == rows.item[r + tile - 1]) {
            q_of(rows.item[r]).template pack<kTileRows>(rows.row[r], tile, 0, s.depth, panel);
            continue;
        }
        for (i64 i = 0; i < kTileRows; ++i) {
            if (i >= tile) {
                for (i64 kk = 0; kk < s.depth; ++kk) panel[kk * kTileRows + i] = 0.0f;
                continue;
            }
            const auto q = q_of(rows.item[r + i]);
            for (i64 kk = 0; kk < s.depth; ++kk) panel[kk * kTileRows + i] = q.at(rows.row[r + i], kk);
        }
    }
    for (i64 j = all.begin; j < all.end; j += kAttentionKeys)
        attend_block(rows, j, smaller(j + kAttentionKeys, all.end), s, room, k, v, score);
}

template <class Epilogue>
void finish_row(i64 item, i64 row, float greatest, float total, const float* sums, const AttentionSizes& s, const Epilogue& epilogue) {
    if (greatest == -INFINITY && s.keys > 0) {  // exp(-infinity - -infinity)
        for (i64 n = 0; n < s.width; ++n) epilogue(item, row, n, NAN, NAN);
        return;
    }
    LUM_SIMD
    for (i64 n = 0; n < s.width; ++n) epilogue(item, row, n, sums[n], total);
}

// With few rows: tasks of some keys each, no more tasks than threads, put together at the end.
template <class QOf, class KOf, class VOf, class KeysOf, class Score, class Epilogue>
void attention_in_pieces(const AttentionSizes& s, i64 pieces, const QOf& q_of, const KOf& k_of, const VOf& v_of,
                         const KeysOf& keys_of, const Score& score, void* workspace, const Epilogue& epilogue) {
    const i64 groups = s.items / s.group, rows = s.group * s.rows;
    const i64 block = AttentionRoom(workspace, 0, s).rows;
    const i64 blocks = (rows + block - 1) / block;
    std::vector<AttentionRows> made(static_cast<size_t>(groups * blocks * pieces));
    const i64 tasks = static_cast<i64>(made.size());
    parallel_tasks(static_cast<int>(tasks), [&](int task) {
        const i64 piece = task % pieces, group = task / pieces / blocks, first = task / pieces % blocks * block;
        const KeyRange keys{s.keys * piece / pieces, s.keys * (piece + 1) / pieces};
        const AttentionRoom room(workspace, task, s);
        attend(group, first, smaller(block, rows - first), keys, s, room, made[static_cast<size_t>(task)], q_of, k_of, v_of, keys_of, score);
    });
    for (i64 task = 0; task < tasks; task += pieces) {
        const AttentionRoom room(workspace, task, s);
        AttentionRows& whole = made[static_cast<size_t>(task)];
        for (i64 r = 0; r < whole.count; ++r) {
            float* sums = room.sums + r * room.sums_stride;
            for (i64 piece = 1; piece < pieces; ++piece) {
                const AttentionRows& part = made[static_cast<size_t>(task + piece)];
                const float* more = AttentionRoom(workspace, task + piece, s).sums + r * room.sums_stride;
                const float now = part.greatest[r] > whole.greatest[r] ? part.greatest[r] : whole.greatest[r];
                const float shift = now == -INFINITY ? 0.0f : now;
                const float own = exp(whole.greatest[r] - shift), other = exp(part.greatest[r] - shift);
                whole.total[r] = whole.total[r] * own + part.total[r] * other;
                for (i64 n = 0; n < s.width; ++n) sums[n] = sums[n] * own + more[n] * other;
                whole.greatest[r] = now;
            }
            finish_row(whole.item[r], whole.row[r], whole.greatest[r], whole.total[r], sums, s, epilogue);
        }
    }
}

template <class QOf, class KOf, class VOf, class KeysOf, class Score, class Epilogue>
void attention(const AttentionSizes& s, const QOf& q_of, const KOf& k_of, const VOf& v_of, const KeysOf& keys_of,
               const Score& score, void* workspace, const Epilogue& epilogue) {
    if (s.items <= 0 || s.rows <= 0) return;
    const i64 groups = s.items / s.group, rows = s.group * s.rows;
    const i64 block = AttentionRoom(workspace, 0, s).rows;
    const i64 blocks = (rows + block - 1) / block;
    const i64 count = gemm_threads(s.items * s.rows * s.keys * (s.depth + s.width));
    const i64 tasks = groups * blocks;
    const KeyRange everything{0, s.keys};
    // Too few rows for the threads: each takes some of the keys.
    const i64 pieces = inside_parallel() || tasks >= count ? 1 : smaller(count / tasks, (s.keys + kAttentionKeys - 1) / kAttentionKeys);
    if (pieces > 1) return attention_in_pieces(s, pieces, q_of, k_of, v_of, keys_of, score, workspace, epilogue);

    std::atomic<i64> next{0};
    parallel_tasks(static_cast<int>(smaller(count, tasks)), [&](int) {
        AttentionRows made;
        const AttentionRoom room(workspace, thread_index(), s);
        // The last rows first: where keys are seen up to the row's own, they are the longest.
        for (i64 task = next++; task < tasks; task = next++) {
            const i64 group = task % groups, first = (blocks - 1 - task / groups) * block;
            attend(group, first, smaller(block, rows - first), everything, s, room, made, q_of, k_of, v_of, keys_of, score);
            for (i64 r = 0; r < made.count; ++r)
                finish_row(made.item[r], made.row[r], made.greatest[r], made.total[r], room.sums + r * room.sums_stride, s, epilogue);
        }
    });
}

}  // namespace lum
