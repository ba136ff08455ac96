// How a product may be walked. The plan names one of these for each contraction; all of them are right for every size
// and operand, and differ in time alone. gemm<WideTile>(...) takes one, gemm(...) decides by the sizes at hand.
#pragma once

#include "gemm_operands.h"

namespace lum {

// Whether the operands that the register tile could read where they lie are copied into panels first.
enum class Packing { by_size, always, never };

template <int Rows, int Cols, Packing Packs = Packing::by_size, bool Splits = false>
struct Schedule {
    static constexpr int rows = Rows, cols = Cols;  // of the register tile
    static constexpr Packing packing = Packs;
    static constexpr bool splits_depth = Splits;  // threads share out k instead of the result's rows and columns
};

using BySize = Schedule<kTileRows, kTileCols>;

// As many sums in registers as in the usual tile, in fewer rows or in fewer columns: whichever the result fills.
using WideTile = Schedule<kTileRows * 2 / 3, kTileCols * 3 / 2>;
using TallTile = Schedule<kTileRows * 2, kTileCols / 2>;

using AlwaysPacked = Schedule<kTileRows, kTileCols, Packing::always>;
using InPlace = Schedule<kTileRows, kTileCols, Packing::never>;

// For a small result of long sums: each thread sums its part of k over the whole result, and the parts are added.
// Only where the result fits the room for a block's sums; otherwise as BySize.
using SplitDepth = Schedule<kTileRows, kTileCols, Packing::by_size, true>;

}  // namespace lum
