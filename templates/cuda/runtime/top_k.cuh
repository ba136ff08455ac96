// The positions of the greatest values of a row, greatest first; among equals the lower position first; NaN counts as
// greatest. A row is a block's work.
//
// Values are compared as keys, unsigned numbers in the same order. The key of the last that is wanted is found digit by
// digit from the highest on, a pass over the row for each: its keys are counted by their digit (a radix selection). As
// soon as no more than kCandidates come into question, they are collected in shared memory and sorted there.
#pragma once

#include <type_traits>

#include "cumulate.cuh"
#include "math.cuh"

namespace lum {

// The greater, the earlier. Both zeros are equal, and so is any NaN to another.
__device__ inline u32 rank_key(float value) {
    if (value != value) return 0xffffffffu;
    const u32 bits = bits_from_float(value == 0.0f ? 0.0f : value);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}
__device__ inline u64 rank_key(double value) {
    if (value != value) return ~u64{0};
    const u64 bits = __builtin_bit_cast(u64, value == 0.0 ? 0.0 : value);
    return bits >> 63 ? ~bits : bits | u64{1} << 63;
}
__device__ inline u64 rank_key(i64 value) { return static_cast<u64>(value) ^ u64{1} << 63; }
template <class T>
__device__ inline u32 rank_key(T value) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<u32>(static_cast<i32>(value)) ^ 0x80000000u;
    else
        return rank_key(to_float(value));
}

constexpr int kDigit = 11;
constexpr int kCandidates = 1024;

// What a block needs of shared memory.
template <class T>
struct TopKRoom {
    using Key = decltype(rank_key(T{}));
    union {
        u32 bins[1 << kDigit];
        struct {
            Key keys[kCandidates];
            i32 places[kCandidates];
        };
    };
    u32 sums[kWarp];
    u32 collected;
    u32 digit, above, within;
};
constexpr int kTopKBytes = 12800;
static_assert(sizeof(TopKRoom<double>) <= kTopKBytes, "what the launch gives");

// A bitonic network whose comparisons all go the same way, so that what lies beyond the row needs no filling:
// log2(size)^2 / 2 steps of size / 2 calls of in_order(low, high).
template <class Index, class InOrder>
__device__ inline void sort_network(Index size, const InOrder& in_order) {
    Index padded = 1;
    while (padded < size) padded *= 2;
    for (Index width = 2; width <= padded; width *= 2)
        for (Index apart = width / 2; apart > 0; apart /= 2) {
            barrier();
            for (Index pair = thread(); pair < padded / 2; pair += threads()) {
                const Index low = pair / apart * apart * 2 + pair % apart;
                // The first step of a width folds its halves onto each other; the others compare at a distance.
                const Index high = apart == width / 2 ? low / width * width + width - 1 - low % width : low + apart;
                if (high < size) in_order(low, high);
            }
        }
    barrier();
}

// Positions in memory, by their keys and by themselves.
template <class Index, class Value>
__device__ inline void sort_positions(Index size, i32* at, const Value& value) {
    sort_network<Index>(size, [&](Index low, Index high) {
        const i32 a = at[low], b = at[high];
        const auto first = rank_key(value(static_cast<Index>(a))), second = rank_key(value(static_cast<Index>(b)));
        if (second > first || (second == first && b < a)) at[low] = b, at[high] = a;
    });
}

// visit(key, i) for every i below size, each by some thread; several values are on their way at a time.
template <class Index, class Value, class Visit>
__device__ inline void each_key(Index size, const Value& value, const Visit& visit) {
    constexpr int kAtOnce = 4;
    Index i = thread();
    for (; size - i > (kAtOnce - 1) * threads(); i += kAtOnce * threads()) {
        decltype(rank_key(value(i))) key[kAtOnce];
#pragma unroll
        for (int e = 0; e < kAtOnce; ++e) key[e] = rank_key(value(i + e * threads()));
#pragma unroll
        for (int e = 0; e < kAtOnce; ++e) visit(key[e], i + e * threads());
    }
    for (; i < size; i += threads()) visit(rank_key(value(i)), i);
}

// What is known of the key of the last that is wanted: its bits in `mask`, which `low` has, the others 0.
template <class Key>
struct Selection {
    Key low = 0, mask = 0;
    i64 above = 0;  // keys that are greater whatever the other bits are
    i64 within;     // keys with those bits
    __device__ bool is_within(Key key) const { return ((key ^ low) & mask) == 0; }
    __device__ bool is_above(Key key) const { return key > low && !is_within(key); }
};

// Digits are looked at until all is known of the key, or few enough keys are left.
template <class Index, class T, class Value>
__device__ inline auto select_key(Index size, Index count, TopKRoom<T>& room, const Value& value) {
    using Key = typename TopKRoom<T>::Key;
    Selection<Key> known;
    known.within = size;
    for (int unknown = 8 * sizeof(Key); unknown > 0 && known.above + known.within > kCandidates;) {
        const int width = unknown < kDigit ? unknown : kDigit;
        const int shift = unknown - width;
        const int last = (1 << width) - 1;
        barrier();  // the digit before has been read
        for (int bin = thread(); bin <= last; bin += threads()) room.bins[bin] = 0;
        barrier();
        each_key(size, value, [&](Key key, Index) {
            if (known.is_within(key)) atomic_add(&room.bins[static_cast<u32>(key >> shift) & static_cast<u32>(last)], 1u);
        });
        barrier();
        const u32 wanted = static_cast<u32>(count - known.above);
        cumulate<Sum, int>(
            last + 1, 0u, room.sums, [&](int i) { return room.bins[last - i]; },
            [&](int i, u32 sum) {
                const u32 own = room.bins[last - i];
                if (sum < wanted || sum - own >= wanted) return;
                room.digit = static_cast<u32>(last - i);
                room.above = sum - own;
                room.within = own;
            });
        barrier();
        known.low |= static_cast<Key>(room.digit) << shift;
        known.mask |= static_cast<Key>(last) << shift;
        known.above += room.above;
        known.within = room.within;
        unknown = shift;
    }
    barrier();  // what follows may take the place of the bins
    return known;
}

// Few come into question: they are sorted where they are collected.
template <class Index, class T, class Value, class Store>
__device__ inline void few_candidates(
    Index size, Index count, const Selection<typename TopKRoom<T>::Key>& known, TopKRoom<T>& room, const Value& value,
    const Store& store) {
    using Key = typename TopKRoom<T>::Key;
    if (thread() == 0) room.collected = 0;
    barrier();
    each_key(size, value, [&](Key key, Index i) {
        if (key < known.low) return;
        const u32 place = atomic_add(&room.collected, 1u);
        room.keys[place] = key;
        room.places[place] = static_cast<i32>(i);
    });
    sort_network<int>(static_cast<int>(known.above + known.within), [&](int low, int high) {
        const Key a = room.keys[low], b = room.keys[high];
        const i32 p = room.places[low], q = room.places[high];
        if (a > b || (a == b && p < q)) return;
        room.keys[low] = b, room.keys[high] = a;
        room.places[low] = q, room.places[high] = p;
    });
    for (Index rank = thread(); rank < count; rank += threads()) store(rank, room.places[rank]);
    barrier();
}

// The key of the last that is wanted is known: those above it are sorted in `out`, and the first of its equals follow.
template <class Index, class T, class Value>
__device__ inline void many_candidates(
    Index size, Index count, const Selection<typename TopKRoom<T>::Key>& known, i32* out, TopKRoom<T>& room,
    const Value& value) {
    using Key = typename TopKRoom<T>::Key;
    if (thread() == 0) room.collected = 0;
    barrier();
    each_key(size, value, [&](Key key, Index i) {
        if (known.is_above(key)) out[atomic_add(&room.collected, 1u)] = static_cast<i32>(i);
    });
    const Index above = static_cast<Index>(known.above);
    sort_positions(above, out, value);
    const auto is_equal = [&](Index i) { return known.is_within(rank_key(value(i))); };
    cumulate<Sum, Index>(
        size, 0u, room.sums, [&](Index i) { return is_equal(i) ? 1u : 0u; },
        [&](Index i, u32 equals) {
            const Index rank = above + static_cast<Index>(equals) - 1;
            if (rank < count && is_equal(i)) out[rank] = static_cast<i32>(i);
        });
    barrier();
}

// out[0 … count) = answer(positions of the `count` greatest of value(0 … size)). count <= size.
template <class Index = i64, class T, class Value, class Answer>
__device__ inline void top_k(
    As<Index> size, As<Index> count, i32* out, TopKRoom<T>* room, const Value& value, const Answer& answer) {
    if (count <= 0) return;
    const auto answer_at = [&](i32 i) { return static_cast<i32>(answer(static_cast<Index>(i))); };
    if (count == size && size > kCandidates) {
        for (Index i = thread(); i < size; i += threads()) out[i] = static_cast<i32>(i);
        sort_positions<Index>(size, out, value);
    } else {
        const auto known = select_key<Index>(size, count, *room, value);
        if (known.above + known.within <= kCandidates) {
            few_candidates<Index>(size, count, known, *room, value, [&](Index rank, i32 i) { out[rank] = answer_at(i); });
            return;
        }
        many_candidates<Index>(size, count, known, out, *room, value);
    }
    for (Index rank = thread(); rank < count; rank += threads()) out[rank] = answer_at(out[rank]);
    barrier();
}
template <class Index = i64, class T, class Value>
__device__ inline void top_k(As<Index> size, As<Index> count, i32* out, TopKRoom<T>* room, const Value& value) {
    top_k<Index>(size, count, out, room, value, [](Index i) { return i; });
}

}  // namespace lum
