// Contractions by plain multiply-add, for types that tensor cores don't multiply as exactly: f32, f64, integers. For
// every m and n of a tile, store(m, n, sum over k of A(m, k) * B(n, k)), multiplied and summed in Shape::Sum.
//
//     for (lum::Tiles<BM, BN> tile(batches, m, n); tile.next();)
//         lum::gemm_tile<lum::FmaShape<BM, BN, BK, TM, TN>>(tile, m, n, k, a, b, store);
//
// Operands as in gemm_operands.cuh; an element of another type is converted as it is read. Integers wrap. store() is
// called once for each (m, n) inside.
//
// The block: BM / TM x BN / TN threads, each with TM x TN sums in registers: in fours of rows and columns, so that its
// reads from shared memory are 16 bytes wide. Steps of BK lie there as [BK][outer], Stages - 1 of them on their way
// while one is multiplied.
#pragma once

#include "gemm_operands.cuh"
#include "integers.cuh"
#include "tiles.cuh"

namespace lum {

template <int BM_, int BN_, int BK_, int TM_, int TN_, int Stages_ = 3, class Sum_ = float>
struct FmaShape {
    using Sum = Sum_;
    static constexpr int BM = BM_, BN = BN_, BK = BK_, TM = TM_, TN = TN_, Stages = Stages_;
    static constexpr int threads = BM / TM * (BN / TN);
    static_assert(BM % TM == 0 && BN % TN == 0 && threads % kWarp == 0 && threads <= 1024, "whole warps");
    static_assert((TM < 4 || TM % 4 == 0) && (TN < 4 || TN % 4 == 0) && TM != 3 && TN != 3, "whole vectors per thread");
    static_assert(BM % 4 == 0 && BN % 4 == 0 && Stages >= 2, "rows of whole vectors, and one step under way");
    static constexpr int kPad = 4;  // so that a column of A written down a tile meets other banks
    static constexpr std::size_t shared_bytes() { return sizeof(Sum) * Stages * BK * (BM + BN + 2 * kPad); }
};

template <class Sum, class From>
__device__ inline Sum widened(From value) {
    if constexpr (std::is_integral_v<From> || std::is_same_v<From, double>)
        return static_cast<Sum>(value);
    else
        return static_cast<Sum>(to_float(value));
}

template <class Sum>
__device__ inline Sum multiplied_into(Sum sum, Sum a, Sum b) {
    if constexpr (std::is_integral_v<Sum>)
        return wrapping_add(sum, wrapping_mul(a, b));
    else
        return sum + a * b;
}

// Where the windows of a thread's outputs begin, for operands that are windows of an image.
template <class Operand, int Count>
struct WindowPlaces {};
template <class T, class Index, int Count>
struct WindowPlaces<Patches<T, Index>, Count> {
    typename Patches<T, Index>::Place place[Count];
};

// One operand's steps into shared memory, [BK][Outer + pad]; what lies outside of the operand becomes 0.
template <class Sum, class Operand, int Outer, int BK, int Threads, int Pad, class Index>
struct FmaStager {
    static constexpr bool kAsync = (kIsStrided<Operand> || kIsPatches<Operand>) && std::is_same_v<typename Operand::Element, Sum> && sizeof(Sum) == 4;
    Operand operand;
    Index first, outer, k;
    bool whole_rows;  // of aligned chunks of 16 bytes along the outer index
    bool along_k;     // neighbours in memory are neighbours in k
    static constexpr int kAcross = Outer < Threads ? Outer : Threads;
    WindowPlaces<Operand, Outer / kAcross> windows;

    __device__ FmaStager(Operand from, Index first_, Index outer_, Index k_) : operand(from), first(first_), outer(outer_), k(k_) {
        whole_rows = false;
        along_k = true;
        if constexpr (kIsStrided<Operand>) {
            along_k = from.outer_stride != 1;
            if constexpr (kAsync) whole_rows = !along_k && from.k_stride % 4 == 0 && aligned16(from.data);
        }
        if constexpr (kIsPatches<Operand>) {
#pragma unroll
            for (int i = 0; i < Outer / kAcross; ++i)
                windows.place[i] = from.place(first_ + i * kAcross + thread() % kAcross);
        }
    }

    __device__ void stage(Sum* to, Index k0) const {
        if constexpr (kIsPatches<Operand>) return stage_windows(to, k0);
        else stage_matrix(to, k0);
    }

private:
    __device__ void stage_matrix(Sum* to, Index k0) const {
        if constexpr (kAsync) {
            if (whole_rows) {
                for (int chunk = thread(); chunk < BK * Outer / 4; chunk += Threads) {
                    const int kk = chunk / (Outer / 4), column = chunk % (Outer / 4) * 4;
                    const Index left = outer - first - column;
                    const bool inside = k0 + kk < k && left > 0;
                    copy_async_first<16>(to + kk * (Outer + Pad) + column,
                                         inside ? operand.address(first + column, k0 + kk) : operand.data,
                                         !inside ? 0 : left < 4 ? static_cast<int>(left) * 4 : 16);
                }
                return;
            }
        }
        if (along_k)
            stage_elements<true>(to, k0);
        else
            stage_elements<false>(to, k0);
    }

    // Each thread has the same outputs of every tap that it copies.
    __device__ void stage_windows(Sum* to, Index k0) const {
        static_assert(Threads % kAcross == 0 && Outer % kAcross == 0, "threads and outputs of a tile divide");
#pragma unroll
        for (int i = 0; i < Outer / kAcross; ++i) {
            const int column = i * kAcross + thread() % kAcross;
            const bool wanted = first + column < outer;
#pragma unroll 2
            for (int line = thread() / kAcross; line < BK; line += Threads / kAcross) {
                const auto tap = operand.tap(k0 + line);
                const bool inside = wanted && k0 + line < k && operand.inside(windows.place[i], tap);
                Sum* const place = to + line * (Outer + Pad) + column;
                if constexpr (kAsync)
                    copy_async<4>(place, inside ? operand.address(windows.place[i], tap) : operand.image, inside);
                else
                    *place = inside ? widened<Sum>(*operand.address(windows.place[i], tap)) : Sum{};
            }
        }
    }

    // One by one. Each thread has the same place in every line that it copies a part of, a line being the tile's extent
    // in the direction in which neighbours in memory lie.
    template <bool AlongK>
    __device__ void stage_elements(Sum* to, Index k0) const {
        constexpr int kLine = AlongK ? BK : Outer, kLines = AlongK ? Outer : BK;
        constexpr int kAcross = kLine < Threads ? kLine : Threads, kPass = Threads / kAcross;
        static_assert(Threads % kAcross == 0 && kLine % kAcross == 0, "threads and elements of a line divide");
        const int lines_left = at_most(AlongK ? outer - first : k - k0, kLines);
        const int elements_left = at_most(AlongK ? k - k0 : outer - first, kLine);
#pragma unroll
        for (int across = 0; across < kLine; across += kAcross) {
            const int element = across + thread() % kAcross;
#pragma unroll 2
            for (int line = thread() / kAcross; line < kLines; line += kPass) {
                const bool inside = element < elements_left && line < lines_left;
                const int kk = AlongK ? element : line, column = AlongK ? line : element;
                Sum* const place = to + kk * (Outer + Pad) + column;
                if constexpr (kAsync && kIsStrided<Operand>)
                    copy_async<4>(place, inside ? operand.address(first + column, k0 + kk) : operand.data, inside);
                else
                    *place = inside ? widened<Sum>(operand.raw(first + column, k0 + kk)) : Sum{};
            }
        }
    }
};

// Count = TM or TN elements for one thread of a step's row: fours, BM / TM * 4 apart.
template <int Count, int Apart, class Sum>
__device__ inline void load_fours(Sum (&to)[Count], const Sum* row, int index) {
    constexpr int width = Count < 4 ? Count : 4;
#pragma unroll
    for (int g = 0; g < Count / width; ++g) {
        const Sum* const from = row + (g * Apart + index) * width;
        if constexpr (width == 4 && sizeof(Sum) == 4) {
            const Vector<Sum, 4> four = load_vector<Sum, 4>(from);
#pragma unroll
            for (int i = 0; i < 4; ++i) to[4 * g + i] = four.element[i];
        } else {
#pragma unroll
            for (int i = 0; i < width; ++i) to[g * width + i] = from[i];
        }
    }
}

template <class Shape, class Tile, class A, class B, class Store, class Index = typename Tile::Index,
          class Sum = typename Shape::Sum, int = Shape::TM>  // for shapes of this family
__device__ inline void gemm_tile(const Tile& tile, As<Index> m, As<Index> n, As<Index> k, A a, B b, const Store& store) {
    constexpr int BM = Shape::BM, BN = Shape::BN, BK = Shape::BK, TM = Shape::TM, TN = Shape::TN, Stages = Shape::Stages;
    constexpr int Pad = Shape::kPad;
    Sum* const tiles_a = shared<Sum>(0);                                         // [Stages][BK][BM + pad]
    Sum* const tiles_b = shared<Sum>(sizeof(Sum) * Stages * BK * (BM + Pad));    // [Stages][BK][BN + pad]
    const FmaStager<Sum, A, BM, BK, Shape::threads, Pad, Index> from_a(a, tile.row, m, k);
    const FmaStager<Sum, B, BN, BK, Shape::threads, Pad, Index> from_b(b, tile.column, n, k);
    const int thread_row = thread() / (BN / TN), thread_column = thread() % (BN / TN);

    Sum sum[TM][TN];
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN; ++j) sum[i][j] = Sum{};

    const int k_tiles = static_cast<int>((k + BK - 1) / BK);
    const auto stage = [&](int index) {
        if (index < k_tiles) {
            from_a.stage(tiles_a + index % Stages * (BK * (BM + Pad)), static_cast<Index>(index) * BK);
            from_b.stage(tiles_b + index % Stages * (BK * (BN + Pad)), static_cast<Index>(index) * BK);
        }
        copy_async_commit();  // an empty group, too, so that the count of groups stays that of steps
    };
    barrier();  // the tile before has left shared memory
    for (int s = 0; s < Stages - 1; ++s) stage(s);

    for (int kt = 0; kt < k_tiles; ++kt) {
        copy_async_wait<Stages - 2>();
        barrier();  // step kt is there for all, and step kt - 1 has been read by all
        stage(kt + Stages - 1);
        const Sum* const tile_a = tiles_a + kt % Stages * (BK * (BM + Pad));
        const Sum* const tile_b = tiles_b + kt % Stages * (BK * (BN + Pad));
#pragma unroll
        for (int kk = 0; kk < BK; ++kk) {
            Sum row[TM], column[TN];
            load_fours<TM, BM / TM>(row, tile_a + kk * (BM + Pad), thread_row);
            load_fours<TN, BN / TN>(column, tile_b + kk * (BN + Pad), thread_column);
#pragma unroll
            for (int i = 0; i < TM; ++i)
#pragma unroll
                for (int j = 0; j < TN; ++j) sum[i][j] = multiplied_into(sum[i][j], row[i], column[j]);
        }
    }
    copy_async_wait<0>();

    constexpr int width_m = TM < 4 ? TM : 4, width_n = TN < 4 ? TN : 4;
#pragma unroll
    for (int i = 0; i < TM; ++i) {
        const Index row = tile.row + (i / width_m * (BM / TM) + thread_row) * width_m + i % width_m;
        if (row >= m) continue;
#pragma unroll
        for (int j = 0; j < TN; ++j) {
            const Index column = tile.column + (j / width_n * (BN / TN) + thread_column) * width_n + j % width_n;
            if (column < n) store(row, column, sum[i][j]);
        }
    }
}

}  // namespace lum
