// Attention without its matrix of scores in memory: for a tile of query rows i and the keys j of a range,
//     s(i, j) = score(i, j, sum over c < d of Q(i, c) * K(j, c))
//     finish(i, c, sum over j of exp(s(i, j) - largest) * V(j, c), largest, total)      for c < dv
// with largest = max over j of s(i, j) and total = sum over j of exp(s(i, j) - largest): softmax(s) V is sum / total. The
// scores are kept for a tile of keys only; when a larger one turns up, what has been summed is scaled (online softmax).
//
//     for (lum::Tiles<Shape::BQ, 1> tile(heads, queries, 1); tile.next();)
//         lum::attention_tile<Shape>(tile.row, queries, keys_begin, keys_end, d, dv, q, k, v, score, finish);
//
// score() scales and masks: -infinity for a pair that isn't to be seen; it is called for i < queries and j in the range
// only. Keys that no row of the tile sees are best left out of the range. A row without any key has total = 0.
// q, k, v: operands (gemm_operands.cuh) with o the query or key and k the column: {data, row stride, 1}.
//
// To split the keys of few queries over blocks, finish() stores sum, largest and total of its part, and a second kernel
// adds up the parts with attention_combined(). For grouped heads, the queries that share keys are the rows of one tile.
//
// MmaAttention<D, DV, WarpsQ, WarpsK, Keys>, bf16 and f16: WarpsQ x WarpsK warps, each with 16 queries and Keys of the
// tile's keys, so WarpsK = 1 for prefill (64x64: 4, 1, 64) and WarpsQ = 1 for decode (1, 4, 16). FmaAttention<D, DV, BQ,
// KeyParts>, any type, in f32: 8 threads for each of BQ queries and each part of a tile's keys.
// D and DV are d and dv rounded up to 16, 32, 64, 128 or 256 (fma: to a multiple of 8).
#pragma once

#include "gemm_mma.cuh"
#include "rows.cuh"

namespace lum {

constexpr float kMinusInfinity = -__builtin_huge_valf();

// The weight of a score, and of what was summed against `largest` when the largest is `now`.
__device__ inline float softmax_weight(float score, float largest) {
    return largest == kMinusInfinity ? 0.0f : exp2_fast((score - largest) * kLog2E);
}

// Two weights as pairs of T: rounded, and what that has left of them. A product with both has twice T's digits, so that
// the weights, which nothing says are T, aren't rounded to it.
template <class T>
__device__ inline void split_pair(u32& high, u32& low, float first, float second) {
    const T rounded_first = from_float<T>(first), rounded_second = from_float<T>(second);
    high = static_cast<u32>(rounded_first.bits) | static_cast<u32>(rounded_second.bits) << 16;
    low = pack_pair<T>(first - to_float(rounded_first), second - to_float(rounded_second));
}

// One element of the result from the parts of a split range of keys: largest(p), total(p), sum(p) for p < parts.
template <class Largest, class Total, class Sum_>
__device__ inline float attention_combined(i64 parts, const Largest& largest, const Total& total, const Sum_& sum) {
    float greatest = kMinusInfinity;
    for (i64 p = 0; p < parts; ++p) greatest = max(greatest, largest(p));
    float all = 0.0f, weights = 0.0f;
    for (i64 p = 0; p < parts; ++p) {
        const float weight = softmax_weight(largest(p), greatest);
        all += sum(p) * weight;
        weights += total(p) * weight;
    }
    return all / weights;
}

// The sums that WarpsK (or KeyParts) parts of a block hold for the same rows, [part][row][Stride] with largest and total
// behind each row's DV sums, are put together and handed to finish().
template <int BQ, int DV, int Parts, int Stride, int Threads, class Index, class Finish>
__device__ inline void finish_rows(const float* sums, Index first_row, As<Index> rows, As<Index> dv,
                                   const Finish& finish) {
    for (int e = thread(); e < BQ * DV; e += Threads) {
        const int r = e / DV, c = e % DV;
        if (first_row + r >= rows || c >= dv) continue;
        float largest = kMinusInfinity, sum = 0.0f, total = 0.0f;
        for (int p = 0; p < Parts; ++p) largest = max(largest, sums[(p * BQ + r) * Stride + DV]);
        for (int p = 0; p < Parts; ++p) {
            const float* const row = sums + (p * BQ + r) * Stride;
            const float weight = Parts == 1 ? 1.0f : softmax_weight(row[DV], largest);
            sum += row[c] * weight;
            total += row[DV + 1] * weight;
        }
        finish(first_row + r, static_cast<Index>(c), sum, largest, total);
    }
}

template <int D_, int DV_, int WarpsQ_, int WarpsK_, int Keys_>
struct MmaAttention {
    static constexpr int D = D_, DV = DV_, WarpsQ = WarpsQ_, WarpsK = WarpsK_, Keys = Keys_;
    static constexpr int BQ = 16 * WarpsQ, BKV = Keys * WarpsK, threads = WarpsQ * WarpsK * kWarp;
    static_assert(Keys % 16 == 0 && D % 16 == 0 && DV % 16 == 0, "whole fragments");
    static constexpr int kSumStride = DV + 8;
    static constexpr std::size_t shared_bytes() {
        const std::size_t tiles = std::size_t{2} * (BQ * D + 2 * BKV * (D + DV));
        const std::size_t sums = std::size_t{4} * WarpsK * BQ * kSumStride;
        return tiles > sums ? tiles : sums;
    }
};

template <class Shape, class Index, class Q, class K, class V, class Score, class Finish, int = Shape::WarpsK>
__device__ inline void attention_tile(Index first_query, As<Index> queries, As<Index> keys_begin, As<Index> keys_end,
                                      As<Index> d, As<Index> dv, Q q, K k, V v, const Score& score, const Finish& finish) {
    using T = MmaElement<Q, K>;
    static_assert(!kMixesHalves<Q, K> && !kMixesHalves<K, V>, "bf16 doesn't fit f16, nor f16 bf16");
    static_assert(sizeof(T) == 2, "float is FmaAttention's");
    constexpr int D = Shape::D, DV = Shape::DV, BQ = Shape::BQ, BKV = Shape::BKV, Keys = Shape::Keys;
    constexpr bool kKeepQ = D <= 64;  // in registers; larger ones are read again for each tile of keys
    T* const tile_q = shared<T>(0);                                              // [BQ][D]
    T* const tiles_k = shared<T>(sizeof(T) * BQ * D);                            // [2][BKV][D]
    T* const tiles_v = shared<T>(sizeof(T) * (BQ * D + 2 * BKV * D));            // [2][BKV][DV]
    const int warp_row = warp() / Shape::WarpsK * 16, warp_key = warp() % Shape::WarpsK * Keys;
    const int group = lane() / 4, pair = 2 * (lane() % 4);
    const int tiles = keys_end > keys_begin ? static_cast<int>((keys_end - keys_begin + BKV - 1) / BKV) : 0;

    Stager<T, K, BKV, D, Shape::threads, Index, false> from_k(k, keys_begin, keys_end, d);
    Stager<T, V, BKV, DV, Shape::threads, Index, false> from_v(v, keys_begin, keys_end, dv);
    const auto stage = [&](int t) {
        if (t < tiles) {
            from_k.first = from_v.first = keys_begin + static_cast<Index>(t) * BKV;
            from_k.stage(tiles_k + t % 2 * (BKV * D), 0);
            from_v.stage(tiles_v + t % 2 * (BKV * DV), 0);
        }
        copy_async_commit();
    };
    barrier();  // the tile before has left shared memory
    Stager<T, Q, BQ, D, Shape::threads, Index, false>(q, first_query, queries, d).stage(tile_q, 0);
    copy_async_commit();
    stage(0);
    copy_async_wait<1>();
    barrier();

    u32 row[kKeepQ ? D / 16 : 1][4];  // this warp's 16 queries
    if constexpr (kKeepQ) {
#pragma unroll
        for (int c = 0; c < D / 16; ++c) load_a<T, BQ, D>(row[c], tile_q, false, warp_row, 2 * c);
    }
    float sum[DV / 8][4];
#pragma unroll
    for (int n = 0; n < DV / 8; ++n)
#pragma unroll
        for (int e = 0; e < 4; ++e) sum[n][e] = 0.0f;
    float largest[2] = {kMinusInfinity, kMinusInfinity}, total[2] = {0.0f, 0.0f};  // of rows group and group + 8

    for (int t = 0; t < tiles; ++t) {
        copy_async_wait<0>();
        barrier();  // tile t is there for all, and tile t - 1 has been read by all
        stage(t + 1);
        const T* const tile_k = tiles_k + t % 2 * (BKV * D);
        const T* const tile_v = tiles_v + t % 2 * (BKV * DV);

        float s[Keys / 8][4];
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int e = 0; e < 4; ++e) s[n][e] = 0.0f;
#pragma unroll
        for (int c = 0; c < D / 16; ++c) {
            u32 again[4];
            if constexpr (!kKeepQ) load_a<T, BQ, D>(again, tile_q, false, warp_row, 2 * c);
            const u32(&a)[4] = kKeepQ ? row[kKeepQ ? c : 0] : again;
#pragma unroll
            for (int n = 0; n < Keys / 16; ++n) {
                u32 b[2][2];
                load_b<T, BKV, D>(b, tile_k, false, warp_key + 16 * n, 2 * c);
                multiply_add<T>(s[2 * n], a, b[0]);
                multiply_add<T>(s[2 * n + 1], a, b[1]);
            }
        }

        const Index first_row = first_query + warp_row + group;
        const Index first_key = keys_begin + static_cast<Index>(t) * BKV + warp_key + pair;
        const int rows_left = queries - first_row < 16 ? static_cast<int>(queries - first_row) : 16;
        const int keys_left = keys_end - first_key < Keys ? static_cast<int>(keys_end - first_key) : Keys;
        float tile_largest[2] = {kMinusInfinity, kMinusInfinity};
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                const int i = e / 2 * 8, j = 8 * n + e % 2;
                s[n][e] = i < rows_left && j < keys_left ? score(first_row + i, first_key + j, s[n][e]) : kMinusInfinity;
                tile_largest[e / 2] = max(tile_largest[e / 2], s[n][e]);
            }
        float rescale[2];
#pragma unroll
        for (int h = 0; h < 2; ++h) {  // a row's columns lie in the four lanes of a group
            float now = max(tile_largest[h], shuffle_xor(tile_largest[h], 1));
            now = max(largest[h], max(now, shuffle_xor(now, 2)));
            rescale[h] = softmax_weight(largest[h], now);
            largest[h] = now;
            total[h] *= rescale[h];
        }
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                s[n][e] = softmax_weight(s[n][e], largest[e / 2]);
                total[e / 2] += s[n][e];
            }
#pragma unroll
        for (int n = 0; n < DV / 8; ++n)
#pragma unroll
            for (int e = 0; e < 4; ++e) sum[n][e] *= rescale[e / 2];
#pragma unroll
        for (int kk = 0; kk < Keys / 16; ++kk) {  // two tiles of sums, as they lie, are a first operand of mma
            u32 high[4], low[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const float* const pair = s[2 * kk + i / 2] + i % 2 * 2;
                split_pair<T>(high[i], low[i], pair[0], pair[1]);
            }
#pragma unroll
            for (int n = 0; n < DV / 16; ++n) {
                u32 b[2][2];
                load_b<T, DV, BKV>(b, tile_v, true, 16 * n, (warp_key + 16 * kk) / 8);
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    multiply_add<T>(sum[2 * n + half], low, b[half]);
                    multiply_add<T>(sum[2 * n + half], high, b[half]);
                }
            }
        }
    }
    copy_async_wait<0>();
    barrier();  // the last tile has been read by all: its memory is free

    float* const sums = shared<float>(0);
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        total[h] += shuffle_xor(total[h], 1);
        total[h] += shuffle_xor(total[h], 2);
        float* const to = sums + (warp() % Shape::WarpsK * BQ + warp_row + group + 8 * h) * Shape::kSumStride;
#pragma unroll
        for (int n = 0; n < DV / 8; ++n)
#pragma unroll
            for (int e = 0; e < 2; ++e) to[8 * n + pair + e] = sum[n][2 * h + e];
        if (pair == 0) {
            to[DV] = largest[h];
            to[DV + 1] = total[h];
        }
    }
    barrier();
    finish_rows<BQ, DV, Shape::WarpsK, Shape::kSumStride, Shape::threads>(sums, first_query, queries, dv, finish);
}

template <int D_, int DV_, int BQ_, int KeyParts_>
struct FmaAttention {
    static constexpr int D = D_, DV = DV_, BQ = BQ_, KeyParts = KeyParts_, Lanes = 8, Keys = 32;
    static constexpr int BKV = Keys * KeyParts, threads = BQ * KeyParts * Lanes;
    static_assert(threads % kWarp == 0 && threads <= 1024 && D % 8 == 0 && DV % 8 == 0, "whole warps, whole rows of lanes");
    static constexpr int kPitch = D + 1, kSumStride = DV + 2, kWeightStride = Keys + 1;
    static constexpr std::size_t shared_bytes() {
        const std::size_t tiles = std::size_t{4} * (BQ * kPitch + BKV * (kPitch + DV) + KeyParts * BQ * kWeightStride);
        const std::size_t sums = std::size_t{4} * KeyParts * BQ * kSumStride;
        return tiles > sums ? tiles : sums;
    }
};

// [Rows][Pitch] floats from an operand's rows first … and columns 0 … d - 1; zeros outside and up to column D.
template <int Rows, int D, int Pitch, class Index, class Operand>
__device__ inline void stage_floats(float* to, const Operand& from, Index first, As<Index> rows, As<Index> d) {
    for (int e = thread(); e < Rows * D; e += threads()) {
        const int r = e / D, c = e % D;
        to[r * Pitch + c] = first + r < rows && c < d ? to_float(from.raw(first + r, c)) : 0.0f;
    }
}

template <class Shape, class Index, class Q, class K, class V, class Score, class Finish, class = void,
          int = Shape::KeyParts>
__device__ inline void attention_tile(Index first_query, As<Index> queries, As<Index> keys_begin, As<Index> keys_end,
                                      As<Index> d, As<Index> dv, Q q, K k, V v, const Score& score, const Finish& finish) {
    constexpr int D = Shape::D, DV = Shape::DV, BQ = Shape::BQ, BKV = Shape::BKV, Lanes = Shape::Lanes, Keys = Shape::Keys;
    constexpr int Pitch = Shape::kPitch;
    float* const tile_q = shared<float>(0);                   // [BQ][Pitch]
    float* const tile_k = tile_q + BQ * Pitch;                // [BKV][Pitch]
    float* const tile_v = tile_k + BKV * Pitch;               // [BKV][DV]
    float* const weights = tile_v + BKV * DV;                 // [KeyParts][BQ][Keys + 1]
    const int own = thread() % Lanes, r = thread() / Lanes % BQ, part = thread() / (Lanes * BQ);
    const float* const row = tile_q + r * Pitch;
    float* const row_weights = weights + (part * BQ + r) * Shape::kWeightStride;
    const Index i = first_query + r;

    barrier();  // the tile before has left shared memory
    stage_floats<BQ, D, Pitch>(tile_q, q, first_query, queries, d);
    float sum[DV / Lanes];
#pragma unroll
    for (int c = 0; c < DV / Lanes; ++c) sum[c] = 0.0f;
    float largest = kMinusInfinity, total = 0.0f;

    for (Index first = keys_begin; first < keys_end; first += BKV) {
        barrier();
        stage_floats<BKV, D, Pitch>(tile_k, k, first, keys_end, d);
        stage_floats<BKV, DV, DV>(tile_v, v, first, keys_end, dv);
        barrier();

        float s[Keys / Lanes];
#pragma unroll
        for (int n = 0; n < Keys / Lanes; ++n) s[n] = 0.0f;
        for (int c = 0; c < D; ++c) {
            const float x = row[c];
#pragma unroll
            for (int n = 0; n < Keys / Lanes; ++n) s[n] += x * tile_k[(part * Keys + n * Lanes + own) * Pitch + c];
        }
        float now = largest;
#pragma unroll
        for (int n = 0; n < Keys / Lanes; ++n) {
            const Index j = first + part * Keys + n * Lanes + own;
            s[n] = i < queries && j < keys_end ? score(i, j, s[n]) : kMinusInfinity;
            now = max(now, s[n]);
        }
#pragma unroll
        for (int mask = 1; mask < Lanes; mask *= 2) now = max(now, shuffle_xor(now, mask));
        const float rescale = softmax_weight(largest, now);
        largest = now;
        total *= rescale;
#pragma unroll
        for (int c = 0; c < DV / Lanes; ++c) sum[c] *= rescale;
        warp_barrier();  // the weights before these have been read
#pragma unroll
        for (int n = 0; n < Keys / Lanes; ++n) {
            const float weight = softmax_weight(s[n], largest);
            total += weight;
            row_weights[n * Lanes + own] = weight;
        }
        warp_barrier();
        for (int key = 0; key < Keys; ++key) {
            const float weight = row_weights[key];
#pragma unroll
            for (int c = 0; c < DV / Lanes; ++c) sum[c] += weight * tile_v[(part * Keys + key) * DV + c * Lanes + own];
        }
    }
#pragma unroll
    for (int mask = 1; mask < Lanes; mask *= 2) total += shuffle_xor(total, mask);
    barrier();  // the last tile has been read by all: its memory is free
    float* const sums = shared<float>(0);
    float* const to = sums + (part * BQ + r) * Shape::kSumStride;
#pragma unroll
    for (int c = 0; c < DV / Lanes; ++c) to[c * Lanes + own] = sum[c];
    if (own == 0) {
        to[DV] = largest;
        to[DV + 1] = total;
    }
    barrier();
    finish_rows<BQ, DV, Shape::KeyParts, Shape::kSumStride, Shape::threads>(sums, first_query, queries, dv, finish);
}

}  // namespace lum
