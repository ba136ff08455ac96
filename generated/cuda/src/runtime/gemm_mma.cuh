// Contractions on tensor cores (mma.sync, sm_80 and later): for every m and n of a tile,
//     store(m, n, sum over k of A(m, k) * B(n, k)), products of bf16, f16 or tf32, summed in float.
//
//     for (lum::Tiles<BM, BN> tile(batches, m, n); tile.next();)
//         lum::gemm_tile<lum::MmaShape<BM, BN, BK, WarpsM, WarpsN, Stages>>(tile, m, n, k, a, b, store);
//
// Operands as in gemm_operands.cuh. bf16 or f16 is multiplied where one side is of it (a float beside it is rounded to it,
// and all that a byte holds is one exactly), bf16 where both sides are bytes, and tf32 where both are float; a float side
// in_two_parts() beside bf16 twice, rounded to nothing less than both parts hold. store() is called once for each (m, n) inside, 32 consecutive n by the
// lanes of a warp, so that its reads and writes of rows coalesce.
//
// The block: WarpsM x WarpsN warps, each with a part of BM / WarpsM x BN / WarpsN of the tile in its registers. K goes by
// in steps of BK, of which Stages - 1 are on their way into shared memory while one is multiplied. A step of an operand
// lies there in rows of 16-byte chunks, along k ([outer][BK], read by ldmatrix) or, where the operand is contiguous along
// its other index, along that ([BK][outer], read by ldmatrix.trans); the chunks of a row are permuted by XOR with the
// row's number, so that the 8 rows that ldmatrix reads at once lie in different banks.
#pragma once

#include "gemm_operands.cuh"
#include "tiles.cuh"

namespace lum {

template <int BM_, int BN_, int BK_, int WarpsM_, int WarpsN_, int Stages_>
struct MmaShape {
    static constexpr int BM = BM_, BN = BN_, BK = BK_, WarpsM = WarpsM_, WarpsN = WarpsN_, Stages = Stages_;
    static constexpr int WM = BM / WarpsM, WN = BN / WarpsN;  // a warp's part
    static constexpr int threads = WarpsM * WarpsN * kWarp;
    static_assert(BM % WarpsM == 0 && BN % WarpsN == 0 && WM % 16 == 0 && WN % 16 == 0, "whole fragments per warp");
    static_assert(BK % 16 == 0 && Stages >= 2, "whole steps of k, and one under way");

    // A warp's 16 rows of sums on their way to store(): rows of WN floats, 8 more so that they start in other banks.
    static constexpr int kSlabStride = WN + 8;
    static constexpr std::size_t slab_bytes = std::size_t{4} * WarpsM * WarpsN * 16 * kSlabStride;

    // Dynamic shared memory for elements of `element_bytes` = 2 or 4, and operands of so many parts.
    static constexpr std::size_t shared_bytes(std::size_t element_bytes, int a_parts = 1, int b_parts = 1) {
        const std::size_t stages = element_bytes * Stages * (BM * a_parts + BN * b_parts) * BK;
        return stages > slab_bytes ? stages : slab_bytes;
    }
};

// The type that is multiplied.
template <class T>
constexpr bool kIsHalf = std::is_same_v<T, bf16> || std::is_same_v<T, f16>;
template <class A, class B>
constexpr bool kMixesHalves = kIsHalf<typename A::Element> && kIsHalf<typename B::Element> &&
                              !std::is_same_v<typename A::Element, typename B::Element>;
template <class A, class B>
using MmaElement = std::conditional_t<
    kIsHalf<typename A::Element>, typename A::Element,
    std::conditional_t<kIsHalf<typename B::Element>, typename B::Element,
                       std::conditional_t<sizeof(typename A::Element) == 1 && sizeof(typename B::Element) == 1, bf16,
                                          float>>>;

// Where element chunk `chunk` of row `row` lies in a tile whose rows are RowChunks chunks of 16 bytes: index in chunks.
template <int RowChunks>
__device__ inline int swizzled(int row, int chunk) {
    static_assert(RowChunks == 2 || RowChunks == 4 || RowChunks % 8 == 0, "rows of 32, 64 or multiples of 128 bytes");
    constexpr int rows_per_line = RowChunks >= 8 ? 1 : 8 / RowChunks;  // a line is the 128 bytes of all banks
    constexpr int mask = RowChunks >= 8 ? 7 : RowChunks - 1;
    return row * RowChunks + (chunk ^ (row / rows_per_line & mask));
}

template <class T, class From>
__device__ inline T converted(From value) {
    if constexpr (std::is_same_v<T, From>)
        return value;
    else
        return from_float<T>(to_float(value));
}

// One operand's way into shared memory: BK elements of k for Outer rows of A or columns of B; always along k where it may
// not be Transposed.
template <class T, class Operand, int Outer, int BK, int Threads, class Index, bool Transposed = true>
struct Stager {
    static constexpr int kChunk = kVector<T>;
    static constexpr int kAlongK = BK / kChunk, kAlongOuter = Outer / kChunk;  // chunks of a row, either way
    static constexpr int kChunks = Outer * BK / kChunk;
    static constexpr bool kSame = kIsStrided<Operand> && std::is_same_v<typename Operand::Element, T>;

    Operand operand;
    Index first, outer, k;   // the tile's first row or column, their number, the length of the sum
    bool along_outer;      // lies as [BK][Outer]
    bool whole_chunks;     // global memory can be read in aligned chunks of 16 bytes
    bool whole_bytes;      // or, where an element is a byte, a chunk's elements at a time
    static constexpr bool kBytes = kIsStrided<Operand> && sizeof(typename Operand::Element) == 1;
    static constexpr bool kWindows =
        kIsPatches<Operand> && Transposed && sizeof(T) == 2 && std::is_same_v<typename Operand::Element, T>;

    __device__ Stager(Operand from, Index first_, Index outer_, Index k_) : operand(from), first(first_), outer(outer_), k(k_) {
        along_outer = kWindows;
        whole_chunks = false;
        whole_bytes = false;
        if constexpr (kBytes)
            whole_bytes = from.k_stride == 1 && from.outer_stride % kChunk == 0 && aligned16(from.data);
        if constexpr (kSame) {
            along_outer = Transposed && sizeof(T) == 2 && from.outer_stride == 1 && from.k_stride != 1;  // no ldmatrix.trans for 4 bytes
            const Index rows_apart = along_outer ? from.k_stride : from.outer_stride;
            whole_chunks = (along_outer || from.k_stride == 1) && rows_apart % kChunk == 0 && aligned16(from.data);
        }
    }

    // Begins to bring k0 … k0 + BK - 1 into `to`; what lies outside of the operand becomes 0.
    __device__ void begin(T* to, Index k0) { stage(to, k0); }
    __device__ void finish(T*) {}
    __device__ void stage(T* to, Index k0) const {
        if constexpr (kWindows) return stage_windows(to, k0);
        if constexpr (Transposed) {
            if (along_outer) return stage_rows<kAlongOuter, true>(to, k0);
        }
        stage_rows<kAlongK, false>(to, k0);
    }

private:
    // Windows of an image: a thread has the same outputs, which are neighbours, of every tap that it copies.
    __device__ void stage_windows(T* to, Index k0) const {
        static_assert(Threads % kAlongOuter == 0, "threads and chunks of a row divide");
        const int column = thread() % kAlongOuter;
        const Index o = first + column * kChunk;
        const auto start = operand.place(o);
#pragma unroll 1
        for (int row = thread() / kAlongOuter; row < BK; row += Threads / kAlongOuter) {
            const auto tap = operand.tap(k0 + row);
            auto at = start;
            Vector<T, kChunk> elements;
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                const bool inside = k0 + row < k && o + e < outer && operand.inside(at, tap);
                elements.element[e] = inside ? *operand.address(at, tap) : T{};
                operand.advance(at);
            }
            store_vector(to + swizzled<kAlongOuter>(row, column) * kChunk, elements);
        }
    }

    // Each thread has the same column of chunks in every row that it copies, kPass rows apart.
    template <int RowChunks, bool AlongOuter>
    __device__ void copy_chunks(T* to, Index k0) const {
        static_assert(Threads % RowChunks == 0 || RowChunks % Threads == 0, "threads and chunks of a row divide");
        constexpr int kPass = Threads >= RowChunks ? Threads / RowChunks : 1, kAcross = RowChunks < Threads ? RowChunks : Threads;
        constexpr int kRows = kChunks / RowChunks;
        const Index stride = AlongOuter ? operand.k_stride : operand.outer_stride;
        const int rows_left = at_most(AlongOuter ? k - k0 : outer - first, kRows);
        const int elements_left = at_most(AlongOuter ? outer - first : k - k0, RowChunks * kChunk);
        const int first_row = thread() / kAcross;
#pragma unroll
        for (int across = 0; across < RowChunks; across += kAcross) {
            const int column = across + thread() % kAcross;
            const int left = elements_left - column * kChunk;
            const int bytes = left <= 0 ? 0 : left < kChunk ? left * static_cast<int>(sizeof(T)) : 16;
            const T* const from = operand.address(first, k0) + first_row * stride + column * kChunk;
#pragma unroll
            for (int pass = 0; pass < (kRows + kPass - 1) / kPass; ++pass) {
                const int row = first_row + pass * kPass;
                if (kRows % kPass != 0 && row >= kRows) break;
                const bool inside = row < rows_left && bytes > 0;
                copy_async_first<16>(to + swizzled<RowChunks>(row, column) * kChunk,
                                     inside ? from + pass * kPass * stride : operand.data, inside ? bytes : 0);
            }
        }
    }

    template <int RowChunks, bool AlongOuter>
    __device__ void stage_rows(T* to, Index k0) const {
        if constexpr (kSame) {
            if (whole_chunks) return copy_chunks<RowChunks, AlongOuter>(to, k0);
        }
#pragma unroll 1
        for (int chunk = thread(); chunk < kChunks; chunk += Threads) {
            const int row = chunk / RowChunks, column = chunk % RowChunks;
            Vector<T, kChunk> elements;
            if constexpr (kBytes && !AlongOuter) {
                const Index o = first + row, kk = k0 + column * kChunk;
                if (whole_bytes && o < outer && kk + kChunk <= k) {
                    const auto bytes = load_vector<typename Operand::Element, kChunk>(operand.address(o, kk));
#pragma unroll
                    for (int e = 0; e < kChunk; ++e) elements.element[e] = converted<T>(bytes.element[e]);
                    store_vector(to + swizzled<RowChunks>(row, column) * kChunk, elements);
                    continue;
                }
            }
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                const Index o = first + (AlongOuter ? column * kChunk + e : row);
                const Index kk = k0 + (AlongOuter ? row : column * kChunk + e);
                elements.element[e] = o < outer && kk < k ? converted<T>(operand.raw(o, kk)) : T{};
            }
            store_vector(to + swizzled<RowChunks>(row, column) * kChunk, elements);
        }
    }
};

// The way of an operand in two parts: read into registers while a step is multiplied, then split into two tiles.
template <class T, class Operand, int Outer, int BK, int Threads, class Index>
struct Stager<T, TwoParts<Operand>, Outer, BK, Threads, Index, true> {
    static constexpr int kChunk = kVector<T>, kRowChunks = BK / kChunk, kChunks = Outer * BK / kChunk;
    static constexpr int kOwn = (kChunks + Threads - 1) / Threads;
    static constexpr bool along_outer = false;

    Operand operand;
    Index first, outer, k;
    bool whole_fours;  // global memory can be read four floats at a time
    float held[kOwn][kChunk];

    __device__ Stager(TwoParts<Operand> from, Index first_, Index outer_, Index k_)
        : operand(from.whole), first(first_), outer(outer_), k(k_), whole_fours(false) {
        if constexpr (kIsStrided<Operand> && sizeof(typename Operand::Element) == 4)
            whole_fours = operand.k_stride == 1 && operand.outer_stride % 4 == 0 && aligned16(operand.data);
    }

    __device__ void begin(T*, Index k0) {
#pragma unroll
        for (int own = 0; own < kOwn; ++own) {
            const int chunk = own * Threads + thread();
            const Index o = first + chunk / kRowChunks, kk = k0 + chunk % kRowChunks * kChunk;
            const bool row = chunk < kChunks && o < outer;
            if constexpr (kIsStrided<Operand> && sizeof(typename Operand::Element) == 4) {
                if (whole_fours && row && kk + kChunk <= k) {
#pragma unroll
                    for (int half = 0; half < 2; ++half) {
                        const auto four = load_vector<float, 4>(operand.address(o, kk + 4 * half));
#pragma unroll
                        for (int e = 0; e < 4; ++e) held[own][4 * half + e] = four.element[e];
                    }
                    continue;
                }
            }
#pragma unroll
            for (int e = 0; e < kChunk; ++e)
                held[own][e] = row && kk + e < k ? to_float(operand.raw(o, kk + e)) : 0.0f;
        }
    }
    __device__ void finish(T* to) {
#pragma unroll
        for (int own = 0; own < kOwn; ++own) {
            const int chunk = own * Threads + thread();
            if (kChunks % Threads != 0 && chunk >= kChunks) break;
            Vector<T, kChunk> high, low;
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                high.element[e] = from_float<T>(held[own][e]);
                low.element[e] = from_float<T>(held[own][e] - to_float(high.element[e]));
            }
            T* const place = to + swizzled<kRowChunks>(chunk / kRowChunks, chunk % kRowChunks) * kChunk;
            store_vector(place, high);
            store_vector(place + Outer * BK, low);
        }
    }
};

// Where this lane's row of an ldmatrix lies, as swizzled(first_row + 8 * row_half + lane % 8, first_chunk + chunk_half)
// for a first row that is a multiple of 8 and an even first chunk: written so that what depends on the lane is the same
// few numbers for all of an unrolled loop.
template <int RowChunks>
__device__ inline int fragment_row(int first_row, int row_half, int first_chunk, int chunk_half) {
    constexpr int rows_per_line = RowChunks >= 8 ? 1 : 8 / RowChunks;
    constexpr int mask = RowChunks >= 8 ? 7 : RowChunks - 1;
    const int row = lane() % 8;
    const int lane_place = (8 * row_half + row) * RowChunks, lane_chunk = chunk_half ^ (row / rows_per_line & mask);
    return first_row * RowChunks + (first_chunk & ~mask) + lane_place + ((first_chunk & mask) ^ lane_chunk);
}

// 16 rows of A x two chunks of k, from row o and chunk c on, as mma's first operand.
template <class T, int Outer, int BK>
__device__ inline void load_a(u32 (&a)[4], const T* tile, bool along_outer, int o, int c) {
    constexpr int kChunk = kVector<T>;
    const int low = lane() / 8 % 2, high = lane() / 16;  // matrices 0, 1: the first chunk of k, rows 0 … 7 and 8 … 15
    if constexpr (sizeof(T) == 2) {
        if (along_outer) {
            ldmatrix_x4_trans(a, tile + fragment_row<Outer / kChunk>(c * kChunk, high, o / kChunk, low) * kChunk);
            return;
        }
    }
    ldmatrix_x4(a, tile + fragment_row<BK / kChunk>(o, low, c, high) * kChunk);
}

// 16 columns of B x two chunks of k: the second operands of two mma side by side.
template <class T, int Outer, int BK>
__device__ inline void load_b(u32 (&b)[2][2], const T* tile, bool along_outer, int o, int c) {
    constexpr int kChunk = kVector<T>;
    const int low = lane() / 8 % 2, high = lane() / 16;  // matrices 0, 1: both chunks of k for columns 0 … 7
    u32 r[4];
    bool done = false;
    if constexpr (sizeof(T) == 2) {
        if (along_outer) {
            ldmatrix_x4_trans(r, tile + fragment_row<Outer / kChunk>(c * kChunk, low, o / kChunk, high) * kChunk);
            done = true;
        }
    }
    if (!done) ldmatrix_x4(r, tile + fragment_row<BK / kChunk>(o, high, c, low) * kChunk);
    b[0][0] = r[0], b[0][1] = r[1], b[1][0] = r[2], b[1][1] = r[3];
}

// d += a b for the element type: 16 x 8 sums over two chunks of k.
template <class T>
__device__ inline void multiply_add(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    if constexpr (std::is_same_v<T, f16>) {
        mma_m16n8k16_f16(d, a, b);
    } else if constexpr (std::is_same_v<T, bf16>) {
        mma_m16n8k16_bf16(d, a, b);
    } else {
        u32 ra[4], rb[2];
        for (int i = 0; i < 4; ++i) ra[i] = to_tf32(float_from_bits(a[i]));
        for (int i = 0; i < 2; ++i) rb[i] = to_tf32(float_from_bits(b[i]));
        mma_m16n8k8_tf32(d, ra, rb);
    }
}

template <class Shape, class Tile, class A, class B, class Store, class Index = typename Tile::Index,
          int = Shape::WM>  // for shapes of this family
__device__ inline void gemm_tile(const Tile& tile, As<Index> m, As<Index> n, As<Index> k, A a, B b, const Store& store) {
    using T = MmaElement<A, B>;
    static_assert(!kMixesHalves<A, B>, "bf16 doesn't fit f16, nor f16 bf16");
    constexpr int BM = Shape::BM, BN = Shape::BN, BK = Shape::BK, WM = Shape::WM, WN = Shape::WN, Stages = Shape::Stages;
    constexpr int kSteps = BK / (2 * kVector<T>);
    constexpr int PartsA = kPartsOf<A>, PartsB = kPartsOf<B>, TileA = PartsA * BM * BK, TileB = PartsB * BN * BK;
    T* const tiles_a = shared<T>(0);                             // [Stages][PartsA][BM x BK]
    T* const tiles_b = shared<T>(sizeof(T) * Stages * TileA);    // [Stages][PartsB][BN x BK]
    Stager<T, A, BM, BK, Shape::threads, Index> from_a(a, tile.row, m, k);
    Stager<T, B, BN, BK, Shape::threads, Index> from_b(b, tile.column, n, k);
    const int warp_row = warp() / Shape::WarpsN * WM, warp_column = warp() % Shape::WarpsN * WN;

    float sum[WM / 16][WN / 8][4];
#pragma unroll
    for (int i = 0; i < WM / 16; ++i)
#pragma unroll
        for (int j = 0; j < WN / 8; ++j)
#pragma unroll
            for (int e = 0; e < 4; ++e) sum[i][j][e] = 0.0f;

    const int k_tiles = static_cast<int>((k + BK - 1) / BK);
    const auto begin = [&](int index) {
        if (index < k_tiles) {
            from_a.begin(tiles_a + index % Stages * TileA, static_cast<Index>(index) * BK);
            from_b.begin(tiles_b + index % Stages * TileB, static_cast<Index>(index) * BK);
        }
        copy_async_commit();  // an empty group, too, so that the count of groups stays that of steps
    };
    const auto finish = [&](int index) {
        if (index < k_tiles) {
            from_a.finish(tiles_a + index % Stages * TileA);
            from_b.finish(tiles_b + index % Stages * TileB);
        }
    };
    barrier();  // the tile before has left shared memory
#pragma unroll
    for (int s = 0; s < Stages - 1; ++s) {
        begin(s);
        finish(s);
    }

    for (int kt = 0; kt < k_tiles; ++kt) {
        copy_async_wait<Stages - 2>();
        barrier();  // step kt is there for all, and step kt - 1 has been read by all
        begin(kt + Stages - 1);
        const T* const tile_a = tiles_a + kt % Stages * TileA;
        const T* const tile_b = tiles_b + kt % Stages * TileB;
#pragma unroll
        for (int step = 0; step < kSteps; ++step) {
#pragma unroll
            for (int part_a = PartsA - 1; part_a >= 0; --part_a) {
                u32 fragment_a[WM / 16][4];
#pragma unroll
                for (int i = 0; i < WM / 16; ++i)
                    load_a<T, BM, BK>(fragment_a[i], tile_a + part_a * BM * BK, from_a.along_outer, warp_row + 16 * i,
                                      2 * step);
#pragma unroll
                for (int part_b = PartsB - 1; part_b >= 0; --part_b) {
                    u32 fragment_b[WN / 16][2][2];
#pragma unroll
                    for (int j = 0; j < WN / 16; ++j)
                        load_b<T, BN, BK>(fragment_b[j], tile_b + part_b * BN * BK, from_b.along_outer,
                                          warp_column + 16 * j, 2 * step);
#pragma unroll
                    for (int i = 0; i < WM / 16; ++i)
#pragma unroll
                        for (int j = 0; j < WN / 8; ++j)
                            multiply_add<T>(sum[i][j], fragment_a[i], fragment_b[j / 2][j % 2]);
                }
            }
        }
        finish(kt + Stages - 1);
    }
    copy_async_wait<0>();
    barrier();  // the last step has been read by all: its memory is free

    // 16 rows at a time through the warp's own slab, from the fragments' order to rows.
    float* const slab = shared<float>(0) + warp() * 16 * Shape::kSlabStride;
    const int group = lane() / 4, pair = 2 * (lane() % 4);
#pragma unroll
    for (int i = 0; i < WM / 16; ++i) {
        warp_barrier();
#pragma unroll
        for (int j = 0; j < WN / 8; ++j)
#pragma unroll
            for (int e = 0; e < 4; ++e)
                slab[(group + e / 2 * 8) * Shape::kSlabStride + 8 * j + pair + e % 2] = sum[i][j][e];
        warp_barrier();
        for (int e = lane(); e < 16 * WN; e += kWarp) {
            const Index row = tile.row + warp_row + 16 * i + e / WN, column = tile.column + warp_column + e % WN;
            if (row < m && column < n) store(row, column, slab[e / WN * Shape::kSlabStride + e % WN]);
        }
    }
}

}  // namespace lum
