// Several contractions with one left factor, as one: q, k and v of an attention, gate and up of a gated MLP.
//
//     gemm_merged(M, K, a, workspace, columns(N1, b1, epilogue1), columns(N2, b2, epilogue2), …);
//     gemm_merged(M, K, a, workspace, in_turn(columns(N, b1, epilogue1), columns(N, b2, epilogue2)), …);
//
// Operands, epilogues and workspace as in gemm.h. The columns of all products stand side by side, each product's from a
// whole tile on, and are shared out to the threads as if they were one product's: threads start once, and products that
// are too narrow for all of them fill them together. Products in turn have one share: a thread has computed its rows and
// columns of the first one when it computes the same of the next, whose epilogue may read them.
#pragma once

#include "gemm.h"

namespace lum {

inline i64 tiles_of(i64 columns) { return (columns + kTileCols - 1) / kTileCols; }

template <class B, class Epilogue>
struct Columns {
    i64 count;
    B b;
    Epilogue epilogue;

    i64 multiplied() const { return count; }

    template <class A>
    void compute(Range rows, Range cols, i64 K, const A& a, void* workspace) const {
        gemm_serial(rows, cols, K, a, b, workspace, epilogue);
    }
};

template <class B, class Epilogue>
Columns<B, Epilogue> columns(i64 count, const B& b, const Epilogue& epilogue) { return {count, b, epilogue}; }

template <class First, class... Rest>
struct InTurn {
    i64 count;
    First first;
    InTurn<Rest...> rest;

    i64 multiplied() const { return count + rest.multiplied(); }

    template <class A>
    void compute(Range rows, Range cols, i64 K, const A& a, void* workspace) const {
        first.compute(rows, cols, K, a, workspace);
        rest.compute(rows, cols, K, a, workspace);
    }
};

template <class Last>
struct InTurn<Last> : Last {};

template <class Last>
InTurn<Last> in_turn(const Last& last) { return {last}; }
template <class First, class... Rest>
InTurn<First, Rest...> in_turn(const First& first, const Rest&... rest) { return {first.count, first, in_turn(rest...)}; }

// Of the tiles `all`, those of a product whose first one is `first`, as its own columns.
inline Range columns_within(Range all, i64 first, i64 count) {
    const i64 begin = larger(all.begin - first, 0), end = smaller(all.end - first, tiles_of(count));
    return {smaller(begin * kTileCols, count), smaller(end * kTileCols, count)};
}

// Rows against a range of tiles, on the calling thread.
template <class A, class... Parts>
void merged_serial(Range rows, Range tiles, i64 K, const A& a, void* workspace, const Parts&... parts) {
    i64 first = 0;
    const auto run = [&](const auto& part) {
        part.compute(rows, columns_within(tiles, first, part.count), K, a, workspace);
        first += tiles_of(part.count);
    };
    (run(parts), ...);
}

template <class A, class... Parts>
void gemm_merged(i64 M, i64 K, const A& a, void* workspace, const Parts&... parts) {
    const i64 tiles = (tiles_of(parts.count) + ...);
    const i64 count = gemm_threads(M * (parts.multiplied() + ...) * K);
    const Shares shares = M <= kSkinnyRows ? Shares{1, smaller(count, tiles)} : best_shares(M, tiles * kTileCols, count);
    parallel_tasks(static_cast<int>(shares.count()), [&](int task) {
        merged_serial(share_of(M, kTileRows, task / shares.n, shares.m), share_of(tiles, 1, task % shares.n, shares.n), K, a,
                      workspace, parts...);
    });
}

}  // namespace lum
