// The tiles of winograd.h: of a batch of images, counted through, tile rows by tile rows. A vector holds any kLanes of
// them one after the other, so that narrow images fill vectors too.
#pragma once

#include "gemm_convolution.h"
#include "winograd_lines.h"

namespace lum {

// Consecutive tiles in one row of tiles of one image: [begin, end) of a panel. Their outputs start at (top, left).
struct TileRun {
    i64 item, top, left;
    i64 begin, end;
};

template <int Side>
struct TileGrid {
    i64 batch, out_height, out_width;

    i64 columns() const { return (out_width + Side - 1) / Side; }
    i64 rows() const { return (out_height + Side - 1) / Side; }
    i64 tiles() const { return batch * rows() * columns(); }

    // The runs of tiles [first, first + count). Returns how many there are, at most `count`.
    int runs_of(i64 first, i64 count, TileRun* runs) const {
        int found = 0;
        for (i64 at = 0; at < count;) {
            const i64 tile = first + at, column = tile % columns(), row = tile / columns() % rows();
            const i64 end = smaller(count, at + columns() - column);
            runs[found++] = {tile / columns() / rows(), row * Side, column * Side, at, end};
            at = end;
        }
        return found;
    }
};

// Inputs of a panel's tiles in one channel, with the padding around them: tile t's are (Side + 2) rows from
// rows + start[t] on. Every load from there is within them.
template <int Side, class T>
struct StagedTiles {
    static constexpr i64 pitch = kTileCols * (Side + 2) + 2 * kLanes;
    float rows[(Side + 2) * pitch] = {};
    i64 start[kTileCols] = {};

    // `patches_of(item)` is the image of an item.
    template <class PatchesOf>
    StagedTiles(const TileRun* runs, int count, const PatchesOf& patches_of) : count_(count) {
        i64 at = 0;
        for (int i = 0; i < count; ++i) {
            const TileRun& run = runs[i];
            const Patches<T> image = patches_of(run.item);
            const i64 width = (run.end - run.begin) * Side + 2, top = run.top - image.pad_top;
            copies_[i] = {image.image + top * image.width, image.width, image.channel_stride, at,
                          larger(0, smaller(Side + 2, -top)), larger(0, smaller(Side + 2, image.height - top)),
                          StagedRow(run.left - image.pad_left, 1, image.width, width)};
            for (i64 t = run.begin; t < run.end; ++t) start[t] = at + (t - run.begin) * Side;
            at += width;
        }
    }

    void copy(i64 channel) {
        // Vectors may end beyond a run, in the one that is copied after it.
        for (i64 r = 0; r < Side + 2; ++r)
            for (int i = 0; i < count_; ++i) {
                const Copy& run = copies_[i];
                float* to = rows + r * pitch + run.at;
                if (r >= run.from && r < run.until)
                    run.row.copy(run.image + channel * run.channel_stride + r * run.width, to);
                else
                    run.row.clear(to);
            }
    }

private:
    struct Copy {
        const T* image;  // at the run's first row, which may lie above it
        i64 width, channel_stride, at;
        i64 from, until;  // the rows that are in the image
        StagedRow row;
    };
    Copy copies_[kTileCols];
    int count_;
};

}  // namespace lum
