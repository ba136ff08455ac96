// Loops over work items that are right for any grid: each block takes every grid()-th one. They count in Index, which is
// to hold the number of items and that of the grid's threads together.
#pragma once

#include "lum_device.cuh"

namespace lum {

// Items 0 … count - 1, one per thread of the grid:
//     for (lum::Items i(count); i.next();) y[i.item] = f(x[i.item]);
struct Items {
    i64 item;
    i64 count;
    __device__ explicit Items(i64 items)
        : item((static_cast<i64>(block()) - grid()) * threads() + thread()), count(items) {}
    __device__ bool next() { return (item += static_cast<i64>(grid()) * threads()) < count; }
};

template <int Size, class Index = i64>
__device__ inline Index blocks_of(As<Index> count) { return (count + Size - 1) / Size; }

// The block's number where blocks are counted from the one that is next after `after` items of work: several lists of
// items that one grid shares out one after the other fill it together.
template <class Index_ = i64>
struct Turn {
    using Index = Index_;
    Index block, blocks;
    __device__ explicit Turn(As<Index> after) : block(lum::block()), blocks(grid()) {
        if (after <= 0) return;
        block -= after % blocks;
        if (block < 0) block += blocks;
    }
};

// Tiles of BM x BN of `batch` matrices of m x n, one per block:
//     for (lum::Tiles<BM, BN> tile(batch, m, n); tile.next();) …  tile.batch, tile.row, tile.column
// row and column are those of the tile's first element. Row tiles go in groups of 8, each group through all columns, so
// that blocks at work at the same time share operands in the second-level cache.
template <int BM, int BN, class Index_ = i64>
struct Tiles {
    using Index = Index_;
    static constexpr Index kGroup = 8;
    Index batch = 0, row = 0, column = 0;

    // `after` tiles of work that the same grid has shared out before: the next block begins.
    __device__ Tiles(Index batches, Index m, Index n, Index after = 0)
        : row_tiles_((m + BM - 1) / BM), column_tiles_((n + BN - 1) / BN), count_(batches * row_tiles_ * column_tiles_),
          index_(Turn<Index>(after).block - grid()) {}

    __device__ bool next() {
        index_ += grid();
        if (index_ >= count_) return false;
        const Index per_batch = row_tiles_ * column_tiles_;
        batch = index_ / per_batch;
        const Index in_batch = index_ - batch * per_batch;
        const Index group = in_batch / (kGroup * column_tiles_);
        const Index in_group = in_batch - group * kGroup * column_tiles_;
        const Index first = group * kGroup;
        const Index rows = row_tiles_ - first < kGroup ? row_tiles_ - first : kGroup;
        column = in_group / rows * BN;
        row = (first + in_group % rows) * BM;
        return true;
    }

private:
    Index row_tiles_, column_tiles_, count_, index_;
};

// Items 0 … count - 1, each the work of several blocks where there are more blocks than items: this one is the block-th
// of `blocks` that work on the item.
//     for (lum::Shares share(items); share.next();) …  share.item, share.block, share.blocks
template <class Index_ = i64>
struct Shares {
    using Index = Index_;
    Index item, block, blocks;

    __device__ explicit Shares(As<Index> items) : item(0), block(0), blocks(1), items_(items) {
        if (items <= 0) return;
        item = lum::block() % items;
        if (grid() > items) {
            block = lum::block() / items;
            blocks = (grid() - item + items - 1) / items;
        }
        item -= grid();
    }
    __device__ bool next() { return (item += grid()) < items_; }

private:
    Index items_;
};

}  // namespace lum
