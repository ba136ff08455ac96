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

// Up to so many rows in a group of items, keys and values are read where they lie, so many keys at a time.
constexpr i64 kStreamedRows = 8;
constexpr i64 kStreamedKeys = 64;

// Keys and values of fewer bytes are in the second-level cache already.
constexpr i64 kCachedBytes = 1 << 19;

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

// exp(x) for x <= 0, within 2 units in the last place; what float can't hold as a normal number is 0.
inline float exp_below(float x) {
    const float shifted = x * kLog2E + 0x1.8p23f;
    const float n = shifted - 0x1.8p23f;
    const float r = (x - n * kLn2High) - n * kLn2Low;
    const float value = exp_tail(r) * (r * r) + r + 1.0f;
    const float scaled = value * float_from_bits((bits_from_float(shifted) + 127u) << 23);
    return x < -87.0f ? 0.0f : scaled;
}

// A row's products with the keys [keys.begin, keys.end) become their scores, then exponentials by the greatest so far;
// the others of [from, to) become 0. Keys are counted from `first`, the block's own. Rescales the row's sums.
template <class Score>
void soften_row(const Score& score, AttentionRows& rows, i64 r, i64 first, KeyRange keys, i64 from, i64 to, float* scores, float* sums,
                i64 width) {
    const i64 begin = larger(keys.begin - first, from), end = larger(smaller(keys.end - first, to), begin);
    for (i64 j = from; j < begin; ++j) scores[j] = 0.0f;
    for (i64 j = end; j < to; ++j) scores[j] = 0.0f;
    if (begin >= end) return;
    const i64 item = rows.item[r], row = rows.row[r];
    const Score at = score;  // what it captures in registers: compilers don't take loads of it out of the loop
    const float before = rows.greatest[r];
    float now = before;
#pragma omp simd reduction(max : now)
    for (i64 j = begin; j < end; ++j) {
        const float value = at(item, row, first + j, scores[j]);
        scores[j] = value;
        now = value > now ? value : now;
    }
    if (now != before) {
        const float scale = exp(before - now);
        rows.total[r] *= scale;
        for (i64 n = 0; n < rounded_up(width, kLanes); n += kLanes) store(sums + n, load(sums + n) * scale);
        rows.greatest[r] = now;
    }
    // A row of nothing but -infinity so far: its exponentials are 0, and NaN in the end if nothing greater comes.
    const float shift = now == -INFINITY ? 0.0f : now;
    float total = 0.0f;
    // Whole vectors: exponentials left over cost more than some of -infinity.
    const i64 whole = smaller(begin + rounded_up(end - begin, kLanes), kAttentionKeys);
    for (i64 j = end; j < whole; ++j) scores[j] = -INFINITY;
#pragma omp simd reduction(+ : total)
    for (i64 j = begin; j < whole; ++j) {
        const float value = exp_below(scores[j] - shift);
        scores[j] = value;
        total += value;
    }
    rows.total[r] += total;
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
        soften_row(score, rows, r, first, rows.seen[r], tile.begin - first, tile.end - first, room.scores + r * kAttentionKeys,
                   room.sums + r * room.sums_stride, s.width);
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

// Keys or values of a block, as they lie.
template <class T>
struct Run {
    const T* data;
    i64 stride, size;

    // Into the second-level cache: rows lie apart, often in a page each, and no prefetcher of the processor follows that.
    void fetch(i64 begin, i64 end) const {
        for (i64 j = begin; j < end; ++j)
            for (i64 i = 0; i < size; i += 64 / static_cast<i64>(sizeof(T))) __builtin_prefetch(data + j * stride + i, 0, 2);
    }
};

// Keys and values of a group of items, and how many.
template <class TK, class TV>
struct Streamed {
    Run<TK> k;
    Run<TV> v;
    i64 keys;
};

// Products of `Rows` rows with a block's keys. Meanwhile the next block is fetched.
template <int Rows, class TK, class TV>
void stream_scores(const Streamed<TK, TV>& now, const Streamed<TK, TV>& next, const float* queries, float* scores) {
    constexpr i64 step = 16;
    const i64 depth = now.k.size;
    for (i64 j = 0; j < now.keys; j += step) {
        const i64 some = smaller(step, now.keys - j);
        next.k.fetch(j, smaller(j + step, next.keys));
        next.v.fetch(j, smaller(j + step, next.keys));
        for (int r = 0; r < Rows; ++r)
            for (i64 i = j; i < j + some; ++i) scores[r * kAttentionKeys + i] = 0.0f;
        dot_columns<Rows>(some, depth, queries, depth, now.k.data + j * now.k.stride, now.k.stride, scores + j, kAttentionKeys);
    }
}

// sums[r][n] += sum over keys of scores[r][key] * v(n, key), n contiguous: some columns' sums in registers at a time, in
// `Chains` parts that hide the multiply-add's latency.
template <int Rows, int Vectors, int Chains, class T>
i64 stream_columns(i64 n, i64 width, i64 keys, const float* scores, const T* v, i64 v_stride, float* sums, i64 sums_stride) {
    for (; n + Vectors * kLanes <= width; n += Vectors * kLanes) {
        vfloat sum[Chains][Rows][Vectors] = {};
        const auto add_key = [&](int c, i64 j) __attribute__((always_inline)) {
#pragma GCC unroll 16
            for (int u = 0; u < Vectors; ++u) {
                const vfloat values = load(v + j * v_stride + n + u * kLanes);
#pragma GCC unroll 16
                for (int i = 0; i < Rows; ++i) sum[c][i][u] = sum[c][i][u] + scores[i * kAttentionKeys + j] * values;
            }
        };
        i64 j = 0;
        for (; j + Chains <= keys; j += Chains)
#pragma GCC unroll 16
            for (int c = 0; c < Chains; ++c) add_key(c, j + c);
        if constexpr (Chains > 1)
            for (; j < keys; ++j) add_key(0, j);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
            for (int u = 0; u < Vectors; ++u) {
#pragma GCC unroll 16
                for (int c = 1; c < Chains; ++c) sum[0][i][u] = sum[0][i][u] + sum[c][i][u];
                float* to = sums + i * sums_stride + n + u * kLanes;
                store(to, load(to) + sum[0][i][u]);
            }
    }
    return n;
}
template <int Rows, class T>
void stream_values(i64 width, i64 keys, const float* scores, const T* v, i64 v_stride, float* sums, i64 sums_stride) {
    constexpr int most = 8 / Rows;  // vectors, as sums in registers
    i64 n = stream_columns<Rows, most, 1>(0, width, keys, scores, v, v_stride, sums, sums_stride);
    if constexpr (most > 4) n = stream_columns<Rows, 4, 2>(n, width, keys, scores, v, v_stride, sums, sums_stride);
    if constexpr (most > 2) n = stream_columns<Rows, 2, most / 2>(n, width, keys, scores, v, v_stride, sums, sums_stride);
    n = stream_columns<Rows, 1, most>(n, width, keys, scores, v, v_stride, sums, sums_stride);
    if (n < width) add_remainder(Rows, width - n, keys, scores, kAttentionKeys, v + n, 1, v_stride, sums + n, sums_stride);
}

// Adds a block of keys to the rows [first, first + count) of one group.
template <class TK, class TV, class Score>
void attend_streaming(AttentionRows& rows, i64 first, i64 count, i64 begin, const Streamed<TK, TV>& now, Streamed<TK, TV> next,
                      const AttentionRoom& room, const Score& score) {
    i64 r = 0;
    const auto queries = [&] { return room.queries + (first + r) * now.k.size; };
    const auto scores = [&] { return room.scores + r * kAttentionKeys; };
    const auto sums = [&] { return room.sums + (first + r) * room.sums_stride; };
    for (; r + 4 <= count; r += 4, next.keys = 0) stream_scores<4>(now, next, queries(), scores());
    for (; r + 2 <= count; r += 2, next.keys = 0) stream_scores<2>(now, next, queries(), scores());
    if (r < count) stream_scores<1>(now, next, queries(), scores());
    for (r = 0; r < count; ++r)
        soften_row(score, rows, first + r, begin, rows.seen[first + r], 0, now.keys, scores(), sums(), now.v.size);
    r = 0;
    const Run<TV>& v = now.v;
    for (; r + 4 <= count; r += 4) stream_values<4>(v.size, now.keys, scores(), v.data, v.stride, sums(), room.sums_stride);
    for (; r + 2 <= count; r += 2) stream_values<2>(v.size, now.keys, scores(), v.data, v.stride, sums(), room.sums_stride);
    if (r < count) stream_values<1>(v.size, now.keys, scores(), v.data, v.stride, sums(), room.sums_stride);
}

// Whether few rows can read keys and values where they lie.
template <class K, class V>
constexpr bool attention_streams = false;
template <class TK, class TV>
constexpr bool attention_streams<Strided<TK>, Strided<TV>> = true;

template <class K, class V>
bool streams_attention(const K& k, const V& v, i64 rows) {
    if constexpr (attention_streams<K, V>) return rows <= kStreamedRows && k.k_stride == 1 && v.outer_stride == 1;
    return false;
}

// Keys and values of all groups, block by block, so that memory is read in the order in which it lies: positions first,
// heads within.
template <class QOf, class KOf, class VOf, class Score>
void stream_groups(i64 first_group, AttentionRows& rows, KeyRange keys, const AttentionSizes& s, const AttentionRoom& room, const QOf& q_of,
                   const KOf& k_of, const VOf& v_of, const Score& score) {
    using TK = typename std::decay_t<decltype(k_of(0))>::Element;
    using TV = typename std::decay_t<decltype(v_of(0))>::Element;
    const i64 per_group = s.group * s.rows, groups = rows.count / per_group;
    for (i64 r = 0; r < rows.count; ++r) {
        const auto q = q_of(rows.item[r]);
        for (i64 kk = 0; kk < s.depth; ++kk) room.queries[r * s.depth + kk] = q.at(rows.row[r], kk);
    }
    const bool far = (keys.end - keys.begin) * groups * (s.depth * static_cast<i64>(sizeof(TK)) + s.width * static_cast<i64>(sizeof(TV))) > kCachedBytes;
    const auto block_of = [&](i64 group, i64 begin, i64 end) {
        const i64 item = (first_group + group) * s.group;
        const Strided<TK> k = k_of(item);
        const Strided<TV> v = v_of(item);
        return Streamed<TK, TV>{{k.data + begin * k.outer_stride, k.outer_stride, s.depth},
                                {v.data + begin * v.k_stride, v.k_stride, s.width},
                                larger(end - begin, 0)};
    };
    for (i64 j = keys.begin; j < keys.end; j += kStreamedKeys) {
        const i64 end = smaller(j + kStreamedKeys, keys.end);
        for (i64 group = 0; group < groups; ++group) {
            const KeyRange seen = keys_seen(rows, group * per_group, per_group, j, end);
            const bool last = group + 1 == groups;
            const i64 following = last ? end : j;
            Streamed<TK, TV> next = block_of(last ? 0 : group + 1, following, smaller(following + kStreamedKeys, keys.end));
            if (!far) next.keys = 0;
            if (seen.begin < seen.end)
                attend_streaming(rows, group * per_group, per_group, seen.begin, block_of(group, seen.begin, seen.end), next, room, score);
        }
    }
}

// Rows [first, first + count) over the keys given, rows of items in turn: fills `rows` and the sums in `room`. They are
// of one group, or few in each and of whole groups.
template <class QOf, class KOf, class VOf, class KeysOf, class Score>
void attend(i64 first, i64 count, KeyRange keys, const AttentionSizes& s, const AttentionRoom& room, AttentionRows& rows, const QOf& q_of,
            const KOf& k_of, const VOf& v_of, const KeysOf& keys_of, const Score& score) {
    rows.count = count;
    for (i64 r = 0; r < count; ++r) {
        rows.item[r] = (first + r) / s.rows;
        rows.row[r] = (first + r) % s.rows;
        const KeyRange seen = keys_of(rows.item[r], rows.row[r]);
        rows.seen[r] = {larger(seen.begin, keys.begin), smaller(seen.end, keys.end)};
        rows.greatest[r] = -INFINITY;
        rows.total[r] = 0.0f;
    }
    for (i64 i = 0; i < count * room.sums_stride; ++i) room.sums[i] = 0.0f;
    const KeyRange all = keys_seen(rows, 0, count, keys.begin, keys.end);
    const i64 group = first / (s.group * s.rows);
    const auto k = k_of(group * s.group);
    const auto v = v_of(group * s.group);
    if constexpr (attention_streams<std::decay_t<decltype(k)>, std::decay_t<decltype(v)>>) {
        if (streams_attention(k, v, s.group * s.rows)) return stream_groups(group, rows, all, s, room, q_of, k_of, v_of, score);
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
void finish_row(const AttentionRows& rows, i64 r, const float* sums, const AttentionSizes& s, const Epilogue& epilogue) {
    const i64 item = rows.item[r], row = rows.row[r];
    const float total = rows.total[r];
    if (rows.greatest[r] == -INFINITY && s.keys > 0) {  // exp(-infinity - -infinity)
        for (i64 n = 0; n < s.width; ++n) epilogue(item, row, n, NAN, NAN);
        return;
    }
    const Epilogue at = epilogue;
    LUM_SIMD
    for (i64 n = 0; n < s.width; ++n) at(item, row, n, sums[n], total);
}

// Adds what other keys gave to a row.
inline void join_rows(AttentionRows& rows, const AttentionRows& more, i64 r, float* sums, const float* more_sums, i64 width) {
    const float now = more.greatest[r] > rows.greatest[r] ? more.greatest[r] : rows.greatest[r];
    const float shift = now == -INFINITY ? 0.0f : now;
    const float own = exp(rows.greatest[r] - shift), other = exp(more.greatest[r] - shift);
    rows.greatest[r] = now;
    rows.total[r] = rows.total[r] * own + more.total[r] * other;
    for (i64 n = 0; n < width; ++n) sums[n] = sums[n] * own + more_sums[n] * other;
}

// What is computed at a time: `tasks` times some rows, for each of them all keys or one of `pieces` parts.
struct AttentionTasks {
    i64 tasks, pieces;
    i64 groups, per_group;
    i64 blocks;  // of rows in a group; 0: whole groups together

    // The last rows first: where keys are seen up to the row's own, they are the longest.
    Range rows(i64 task, i64 block) const {
        if (blocks == 0) return {groups * task / tasks * per_group, groups * (task + 1) / tasks * per_group};
        const i64 begin = (blocks - 1 - task / groups) * block, start = task % groups * per_group;
        return {start + begin, start + smaller(begin + block, per_group)};
    }
};

inline AttentionTasks attention_tasks(const AttentionSizes& s, i64 fitting, bool streaming, i64 threads_paid) {
    AttentionTasks t{0, 1, s.items / s.group, s.group * s.rows, 0};
    if (streaming) {
        const i64 together = larger(fitting / t.per_group, 1);
        t.tasks = (t.groups + together - 1) / together;
    } else {
        t.blocks = (t.per_group + fitting - 1) / fitting;
        t.tasks = t.groups * t.blocks;
    }
    if (inside_parallel() || t.tasks >= threads_paid) return t;
    t.pieces = larger(smaller(threads_paid / t.tasks, s.keys / kStreamedKeys), 1);
    if (streaming && t.pieces == 1) t.tasks = larger(t.tasks, smaller(t.groups, threads_paid));
    return t;
}

// The rows' keys in parts, no more than there are threads, put together at the end.
template <class QOf, class KOf, class VOf, class KeysOf, class Score, class Epilogue>
void attention_in_pieces(const AttentionTasks& t, const AttentionSizes& s, const QOf& q_of, const KOf& k_of, const VOf& v_of,
                         const KeysOf& keys_of, const Score& score, void* workspace, const Epilogue& epilogue) {
    const i64 block = AttentionRoom(workspace, 0, s).rows;
    KeyRange seen{s.keys, 0};
    for (i64 item = 0; item < s.items; ++item)
        for (i64 row = 0; row < s.rows; ++row) {
            const KeyRange own = keys_of(item, row);
            seen = {smaller(seen.begin, larger(own.begin, 0)), larger(seen.end, smaller(own.end, s.keys))};
        }
    const i64 keys = larger(seen.end - seen.begin, 0);
    std::vector<AttentionRows> made(static_cast<size_t>(t.tasks * t.pieces));
    parallel_tasks(static_cast<int>(t.tasks * t.pieces), [&](int task) {
        const Range rows = t.rows(task / t.pieces, block);
        const i64 piece = task % t.pieces;
        const KeyRange part{seen.begin + keys * piece / t.pieces, seen.begin + keys * (piece + 1) / t.pieces};
        attend(rows.begin, rows.size(), part, s, AttentionRoom(workspace, task, s), made[static_cast<size_t>(task)], q_of, k_of, v_of,
               keys_of, score);
    });
    for (i64 task = 0; task < t.tasks * t.pieces; task += t.pieces) {
        const AttentionRoom room(workspace, task, s);
        AttentionRows& whole = made[static_cast<size_t>(task)];
        for (i64 r = 0; r < whole.count; ++r) {
            float* sums = room.sums + r * room.sums_stride;
            for (i64 other = task + 1; other < task + t.pieces; ++other)
                join_rows(whole, made[static_cast<size_t>(other)], r, sums, AttentionRoom(workspace, other, s).sums + r * room.sums_stride,
                          s.width);
            finish_row(whole, r, sums, s, epilogue);
        }
    }
}

template <class QOf, class KOf, class VOf, class KeysOf, class Score, class Epilogue>
void attention(const AttentionSizes& s, const QOf& q_of, const KOf& k_of, const VOf& v_of, const KeysOf& keys_of, const Score& score,
               void* workspace, const Epilogue& epilogue) {
    if (s.items <= 0 || s.rows <= 0) return;
    const i64 fitting = AttentionRoom(workspace, 0, s).rows;
    const bool streaming = streams_attention(k_of(0), v_of(0), s.group * s.rows);
    const i64 count = gemm_threads(s.items * s.rows * s.keys * (s.depth + s.width));
    const AttentionTasks t = attention_tasks(s, fitting, streaming, count);
    if (t.pieces > 1) return attention_in_pieces(t, s, q_of, k_of, v_of, keys_of, score, workspace, epilogue);

    const KeyRange everything{0, s.keys};
    std::atomic<i64> next{0};
    parallel_tasks(static_cast<int>(smaller(count, t.tasks)), [&](int) {
        AttentionRows made;
        const AttentionRoom room(workspace, thread_index(), s);
        for (i64 task = next++; task < t.tasks; task = next++) {
            const Range rows = t.rows(task, fitting);
            attend(rows.begin, rows.size(), everything, s, room, made, q_of, k_of, v_of, keys_of, score);
            for (i64 r = 0; r < made.count; ++r) finish_row(made, r, room.sums + r * room.sums_stride, s, epilogue);
        }
    });
}

}  // namespace lum
