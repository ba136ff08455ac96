// Several contractions with one left factor, as one: q, k and v of an attention, gate and up of a gated MLP.
//
//     gemm_merged(M, K, a, workspace, columns(N1, b1, epilogue1), columns(N2, b2, epilogue2), …);
//
// Operands, epilogues and workspace as in gemm.h. The columns of all products stand side by side, each product's from a
// whole tile on, and are shared out to the threads as if they were one product's: threads start once, and products that
// are too narrow for all of them fill them together.
#pragma once

#include "gemm.h"

namespace lum {

template <class B, class Epilogue>
struct Columns {
    i64 count;
    B b;
    Epilogue epilogue;

    i64 tiles() const { return (count + kTileCols - 1) / kTileCols; }
};

template <class B, class Epilogue>
Columns<B, Epilogue> columns(i64 count, const B& b, const Epilogue& epilogue) { return {count, b, epilogue}; }

// Of the tiles `all`, those of a product whose first one is `first`, as its own columns.
template <class B, class Epilogue>
Range columns_within(Range all, i64 first, const Columns<B, Epilogue>& part) {
    const i64 begin = larger(all.begin - first, 0), end = smaller(all.end - first, part.tiles());
    return {smaller(begin * kTileCols, part.count), smaller(end * kTileCols, part.count)};
}

// Rows against a range of tiles, on the calling thread.
template <class A, class... Parts>
void merged_serial(Range rows, Range tiles, i64 K, const A& a, void* workspace, const Parts&... parts) {
    i64 first = 0;
    const auto run = [&](const auto& part) {
        gemm_serial(rows, columns_within(tiles, first, part), K, a, part.b, workspace, part.epilogue);
        first += part.tiles();
    };
    (run(parts), ...);
}

template <class A, class... Parts>
void gemm_merged(i64 M, i64 K, const A& a, void* workspace, const Parts&... parts) {
    const i64 tiles = (parts.tiles() + ...);
    const i64 count = gemm_threads(M * (parts.count + ...) * K);
    const Shares shares = M <= kSkinnyRows ? Shares{1, smaller(count, tiles)} : best_shares(M, tiles * kTileCols, count);
    parallel_tasks(static_cast<int>(shares.count()), [&](int task) {
        merged_serial(share_of(M, kTileRows, task / shares.n, shares.m), share_of(tiles, 1, task % shares.n, shares.n), K, a,
                      workspace, parts...);
    });
}

}  // namespace lum
