// Contractions of a few rows with a large matrix, bound by reading it once: for every m < Rows and n,
//     store(m, n, sum over k of A(m, k) * B(n, k)), summed in float.
//
//     lum::skinny<Rows, WarpsPerColumn, Staged>(m, n, k, a, b, store);     any grid, any whole number of warps
//     for (lum::Shares share(batch); share.next();) lum::skinny<…>(share, m, n, k, a, b, store);     a batch, parts of K
//
// Operands as in gemm_operands.cuh; m <= Rows, which is 1, 2, 4 or 8. B decides how the work lies:
//   - contiguous along k ([N, K]): a column is WarpsPerColumn warps' work, which must divide the block's warps; each lane
//     reads 16 bytes at a time, four of them under way;
//   - contiguous along n ([K, N]): 32 columns are a block's work, a warp's lanes reading 64 or 128 bytes of each of
//     several rows; the block's warps share K between them.
// With Staged, A is brought into shared memory first, once per block: for computed operands, and for Rows > 1.
// Where N is too narrow to fill the device, split K over shares (SplitK) into planes, as for gemm_tile.
#pragma once

#include "gemm_operands.cuh"
#include "rows.cuh"
#include "tiles.cuh"

namespace lum {

constexpr int kSkinnyColumns = 32;

// Dynamic shared memory for a block of `warps`: the warps' partial sums, then A where staged.
__host__ __device__ constexpr std::size_t skinny_sums_bytes(int warps, int rows) { return std::size_t{4} * warps * rows * kSkinnyColumns; }
__host__ __device__ constexpr std::size_t skinny_shared_bytes(int warps, int rows, i64 k, std::size_t staged_element_bytes) {
    return skinny_sums_bytes(warps, rows) + static_cast<std::size_t>(rows) * ((k + 15) / 16 * 16) * staged_element_bytes;
}

// A as it is read by skinny(): from where it lies, or from shared memory.
template <class A, bool Staged, class Index>
struct SkinnyRows {
    using Element = typename A::Element;
    A a;
    const Element* staged;  // [Rows][pitch]
    Index pitch, m, k;
    bool whole_chunks;      // of 16 bytes along k, wherever it lies

    __device__ SkinnyRows(A from, Element* at, int rows, Index m_, Index k_)
        : a(from), staged(at), pitch((k_ + 15) / 16 * 16), m(m_), k(k_), whole_chunks(Staged) {
        if constexpr (Staged) {
            barrier();  // a call before this one has read it
            for (Index e = thread(); e < rows * pitch; e += threads()) {
                const Index row = e / pitch, kk = e - row * pitch;
                at[e] = row < m && kk < k ? a.raw(row, kk) : Element{};
            }
            barrier();
        } else if constexpr (kIsStrided<A>) {
            whole_chunks = a.k_stride == 1 && a.outer_stride % kVector<Element> == 0 && aligned16(a.data);
        }
    }

    __device__ float at(Index row, Index kk) const {
        if constexpr (Staged) return to_float(staged[row * pitch + kk]);
        else return row < m ? to_float(a.raw(row, kk)) : 0.0f;
    }

    // Count elements from kk on, a multiple of Count; all lie inside.
    template <int Count>
    __device__ void read(float (&to)[Count], Index row, Index kk) const {
        constexpr int chunk = kVector<Element> < Count ? kVector<Element> : Count;
        if constexpr (chunk * sizeof(Element) >= 4 && (Staged || kIsStrided<A>)) {
            if (whole_chunks && row < m) {
#pragma unroll
                for (int c = 0; c < Count; c += chunk) {
                    Vector<Element, chunk> part;
                    if constexpr (Staged) part = load_vector<Element, chunk>(staged + row * pitch + kk + c);
                    else part = load_vector<Element, chunk>(a.address(row, kk + c));
#pragma unroll
                    for (int e = 0; e < chunk; ++e) to[c + e] = part[e];
                }
                return;
            }
        }
#pragma unroll
        for (int e = 0; e < Count; ++e) to[e] = at(row, kk + e);
    }
};

// The sum over the warps of a group of WarpsPerColumn, for the group's first warp. `sums`: [warps()][Rows].
template <int Rows, int WarpsPerColumn>
__device__ inline void add_warps(float (&sum)[Rows], float* sums) {
    if constexpr (WarpsPerColumn > 1) {
        barrier();
        if (lane() == 0)
            for (int r = 0; r < Rows; ++r) sums[warp() * Rows + r] = sum[r];
        barrier();
        for (int r = 0; r < Rows; ++r) {
            float total = 0.0f;
            for (int w = 0; w < WarpsPerColumn; ++w)
                total += sums[(warp() / WarpsPerColumn * WarpsPerColumn + w) * Rows + r];
            sum[r] = total;
        }
    }
}

// B contiguous along k, or of any strides.
template <int Rows, int WarpsPerColumn, class Share, class Left, class B, class Store, class Index = typename Share::Index>
__device__ inline void skinny_along_k(const Share& share, As<Index> m, As<Index> n, As<Index> k, const Left& left, B b,
                                      float* sums, const Store& store) {
    using T = typename B::Element;
    constexpr int kChunk = kVector<T>;
    constexpr int kAtOnce = 4;  // chunks under way per lane
    constexpr Index kStep = kWarp * kChunk * WarpsPerColumn;
    bool whole_chunks = false;
    if constexpr (kIsStrided<B>)
        whole_chunks = b.k_stride == 1 && b.outer_stride % kChunk == 0 && aligned16(b.data);
    const int columns = warps() / WarpsPerColumn;  // that the block works on at a time
    const int own = warp() / WarpsPerColumn, part = warp() % WarpsPerColumn;
    const Index whole = whole_chunks ? k / kChunk * kChunk : 0;
    for (Index first = share.block * columns; first < n; first += share.blocks * columns) {
        const Index column = first + own;
        float sum[Rows] = {};
        if (column < n) {
            Index kk = (part * kWarp + lane()) * kChunk;
            if constexpr (kIsStrided<B>) {
                const auto add = [&](const Vector<T, kChunk>& weights, Index at) {
#pragma unroll
                    for (int r = 0; r < Rows; ++r) {
                        float row[kChunk];
                        left.read(row, r, at);
#pragma unroll
                        for (int e = 0; e < kChunk; ++e) sum[r] += weights[e] * row[e];
                    }
                };
                for (; kk + (kAtOnce - 1) * kStep + kChunk <= whole; kk += kAtOnce * kStep) {
                    Vector<T, kChunk> weights[kAtOnce];
#pragma unroll
                    for (int i = 0; i < kAtOnce; ++i)
                        weights[i] = load_vector_once<T, kChunk>(b.address(column, kk + i * kStep));
#pragma unroll
                    for (int i = 0; i < kAtOnce; ++i) add(weights[i], kk + i * kStep);
                }
                for (; kk + kChunk <= whole; kk += kStep) add(load_vector_once<T, kChunk>(b.address(column, kk)), kk);
            }
            for (Index at = whole + part * kWarp + lane(); at < k; at += kWarp * WarpsPerColumn) {
                const float weight = to_float(b.raw(column, at));
#pragma unroll
                for (int r = 0; r < Rows; ++r) sum[r] += weight * left.at(r, at);
            }
        }
#pragma unroll
        for (int r = 0; r < Rows; ++r) sum[r] = warp_reduce<Sum>(sum[r]);
        add_warps<Rows, WarpsPerColumn>(sum, sums);
        if (column < n && part == 0) {
#pragma unroll
            for (int r = 0; r < Rows; ++r)
                if (lane() == r && r < m) store(static_cast<Index>(r), column, sum[r]);
        }
    }
}

// B contiguous along n: lanes side by side in rows of 32 columns, kDown rows of a warp at a time.
template <int Rows, class Share, class Left, class T, class Index, class Store>
__device__ inline void skinny_along_n(const Share& share, As<Index> m, As<Index> n, As<Index> k, const Left& left,
                                      Strided<T, Index> b, float* sums, const Store& store) {
    constexpr int kChunk = kVector<T> < 8 ? kVector<T> : 8;
    constexpr int kAcross = kSkinnyColumns / kChunk, kDown = kWarp / kAcross;
    constexpr int kAtOnce = 4;
    const bool whole_chunks = b.k_stride % kChunk == 0 && aligned16(b.data);
    const int across = lane() % kAcross * kChunk, down = lane() / kAcross;
    const Index step = static_cast<Index>(warps()) * kDown;
    for (Index first = share.block * kSkinnyColumns; first < n; first += share.blocks * kSkinnyColumns) {
        const Index column = first + across;
        float sum[Rows][kChunk] = {};
        const auto add = [&](const Vector<T, kChunk>& weights, Index at) {
#pragma unroll
            for (int r = 0; r < Rows; ++r) {
                const float x = left.at(r, at);
#pragma unroll
                for (int e = 0; e < kChunk; ++e) sum[r][e] += weights[e] * x;
            }
        };
        Index kk = static_cast<Index>(warp()) * kDown + down;
        if (whole_chunks && column + kChunk <= n) {
            for (; kk + (kAtOnce - 1) * step < k; kk += kAtOnce * step) {
                Vector<T, kChunk> weights[kAtOnce];
#pragma unroll
                for (int i = 0; i < kAtOnce; ++i)
                    weights[i] = load_vector_once<T, kChunk>(b.data + (kk + i * step) * b.k_stride + column);
#pragma unroll
                for (int i = 0; i < kAtOnce; ++i) add(weights[i], kk + i * step);
            }
            for (; kk < k; kk += step) add(load_vector_once<T, kChunk>(b.data + kk * b.k_stride + column), kk);
        } else {
            for (; kk < k; kk += step) {
                Vector<T, kChunk> weights;
#pragma unroll
                for (int e = 0; e < kChunk; ++e)
                    weights.element[e] = column + e < n ? b.data[kk * b.k_stride + column + e] : T{};
                add(weights, kk);
            }
        }
#pragma unroll
        for (int r = 0; r < Rows; ++r)
#pragma unroll
            for (int e = 0; e < kChunk; ++e)
#pragma unroll
                for (int mask = kAcross; mask < kWarp; mask *= 2) sum[r][e] += shuffle_xor(sum[r][e], mask);
        barrier();  // the sums before these have been read
        if (down == 0) {
#pragma unroll
            for (int r = 0; r < Rows; ++r)
#pragma unroll
                for (int e = 0; e < kChunk; ++e) sums[(warp() * Rows + r) * kSkinnyColumns + across + e] = sum[r][e];
        }
        barrier();
        for (int e = thread(); e < Rows * kSkinnyColumns; e += threads()) {
            const Index row = e / kSkinnyColumns, out = first + e % kSkinnyColumns;
            float total = 0.0f;
            for (int w = 0; w < warps(); ++w) total += sums[w * Rows * kSkinnyColumns + e];
            if (row < m && out < n) store(row, out, total);
        }
    }
}

template <int Rows, int WarpsPerColumn = 1, bool Staged = false, class Share, class A, class B, class Store,
          class Index = typename Share::Index>
__device__ inline void skinny(const Share& share, As<Index> m, As<Index> n, As<Index> k, A a, B b, const Store& store) {
    float* const sums = shared<float>(0);
    auto* const staged = Staged ? shared<typename A::Element>(skinny_sums_bytes(warps(), Rows)) : nullptr;
    const SkinnyRows<A, Staged, Index> left(a, staged, Rows, m, k);
    if constexpr (kIsStrided<B>) {
        if (b.outer_stride == 1 && b.k_stride != 1) return skinny_along_n<Rows>(share, m, n, k, left, b, sums, store);
    }
    skinny_along_k<Rows, WarpsPerColumn>(share, m, n, k, left, b, sums, store);
}

// By the whole grid.
template <class Index_>
struct WholeGrid {
    using Index = Index_;
    Index block = lum::block(), blocks = grid();
};
template <int Rows, int WarpsPerColumn = 1, bool Staged = false, class Index = i64, class A, class B, class Store>
__device__ inline void skinny(As<Index> m, As<Index> n, As<Index> k, A a, B b, const Store& store) {
    skinny<Rows, WarpsPerColumn, Staged>(WholeGrid<Index>{}, m, n, k, a, b, store);
}

}  // namespace lum
