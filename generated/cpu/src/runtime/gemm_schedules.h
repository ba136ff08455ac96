// How a product may be walked. The plan names one of these for each contraction; all of them are right for every size
// and operand, and differ in time alone. gemm<WideTile>(...) takes one, gemm(...) decides by the sizes at hand.
#pragma once

#include "gemm_operands.h"

namespace lum {

// Whether the operands that the register tile could read where they lie are copied into panels first.
enum class Packing { by_size, always, never };

template <int Rows, int Cols, int Hundredths = 100, Packing Packs = Packing::by_size, bool Splits = false>
struct Schedule {
    static constexpr int rows = Rows, cols = Cols;  // of the register tile
    static constexpr int hundredths = Hundredths;   // of the time that the usual tile takes for as many sums
    static constexpr Packing packing = Packs;
    static constexpr bool splits_depth = Splits;  // threads share out k instead of the result's rows and columns
};

using BySize = Schedule<kTileRows, kTileCols>;

// As many sums in registers as in the usual tile, in fewer rows or in fewer columns; for the sizes that fill it so much
// better that it pays, and the usual tile for all others.
using WideTile = Schedule<kTileRows * 2 / 3, kTileCols * 3 / 2, 103>;
using TallTile = Schedule<kTileRows * 2, kTileCols / 2, 135>;

// What M x N sums take with a register tile. The last rows take what they need and a little more, columns whole tiles.
template <class S>
constexpr i64 tiled_work(i64 M, i64 N) {
    const i64 left = M % S::rows, last = left == 0 ? 0 : left + 1 < S::rows ? left + 1 : S::rows;
    return (M - left + last) * ((N + S::cols - 1) / S::cols * S::cols) * S::hundredths;
}
template <class S>
constexpr bool pays(i64 M, i64 N) {
    return S::rows == kTileRows || tiled_work<S>(M, N) < tiled_work<BySize>(M, N);
}

using AlwaysPacked = Schedule<kTileRows, kTileCols, 100, Packing::always>;
// As far as rows are few enough (kInPlaceMostRows): a panel that is read more often is packed.
using InPlace = Schedule<kTileRows, kTileCols, 100, Packing::never>;

// For a small result of long sums: each thread sums its part of k over the whole result, and the parts are added.
// Only where the result fits the room for a block's sums; otherwise as BySize.
using SplitDepth = Schedule<kTileRows, kTileCols, 100, Packing::by_size, true>;

}  // namespace lum
