// 3x3 convolutions of stride 1 with fewer multiplications: Winograd's minimal filtering F(Side x Side, 3x3), after Lavin
// and Gray, "Fast algorithms for convolutional neural networks" (2015). With d a tile of (Side + 2)^2 inputs and g the
// 3x3 taps,
//
//     Y = At [ (G g Gt) * (Bt d B) ] A
//
// is the tile's Side x Side outputs: 16 multiplications instead of 36 for Side = 2, 36 instead of 144 for Side = 4.
// Summed over channels, each place of the transformed tile is a matrix product, filters [outputs, channels] by tiles
// [channels, tiles].
//
//     winograd<Side>(outputs, positions, 9 * channels, filters, patches, workspace, epilogue);
//     winograd_batched<Side>(batch, outputs, positions, 9 * channels, filters, patches_of, workspace, epilogue);
//
// take what gemm() and gemm_batched() take, with the filters as winograd_filters.h lays them out. The sums differ from
// those of gemm() by rounding; an infinite input makes a NaN of the outputs around it.
#pragma once

#include "gemm.h"
#include "winograd_filters.h"
#include "winograd_tiles.h"

namespace lum {

// A group is kLanes tiles, transformed together.

// Tiles of the same place are so many floats apart: an odd number of rows of a panel, which are lines of the cache, so
// that the places of a tile don't fight for the same ones.
constexpr i64 place_floats(i64 rows) { return (rows | 1) * kTileCols; }

// Bt d B of a group, tile l of which has its inputs at rows + start[l], rows of them `pitch` apart. Place p goes to
// to[p * place_size].
template <int Side>
inline void transform_inputs(const float* rows, const i64* start, i64 pitch, float* to, i64 place_size) {
    using Line = WinogradLine<Side>;
    constexpr int places = Line::places;
    vfloat d[places][places], t[places][places];
#pragma GCC unroll 6
    for (int r = 0; r < places; ++r) {
        vquad quads[kLanes];
        vfloat row[8];
#pragma GCC unroll 16
        for (int l = 0; l < kLanes; ++l) quads[l] = load_quad(rows + r * pitch + start[l]);
        transpose_quads(quads, row);
        if constexpr (places > 4) {
#pragma GCC unroll 16
            for (int l = 0; l < kLanes; ++l) quads[l] = load_quad(rows + r * pitch + start[l] + 4);
            transpose_quads(quads, row + 4);
        }
#pragma GCC unroll 6
        for (int s = 0; s < places; ++s) d[s][r] = row[s];
    }
#pragma GCC unroll 6
    for (int s = 0; s < places; ++s) {
        vfloat column[places];
        Line::inputs(d[s], column);
#pragma GCC unroll 6
        for (int r = 0; r < places; ++r) t[r][s] = column[r];
    }
#pragma GCC unroll 6
    for (int r = 0; r < places; ++r) {
        vfloat row[places];
        Line::inputs(t[r], row);
#pragma GCC unroll 6
        for (int s = 0; s < places; ++s) store(to + (r * places + s) * place_size, row[s]);
    }
}

// At m A of a group, m[p * place_size] being place p: outputs[r] is row r of its tiles, one beside the other.
template <int Side>
inline void transform_outputs(const float* m, i64 place_size, float outputs[Side][Side * kLanes]) {
    using Line = WinogradLine<Side>;
    constexpr int places = Line::places;
    vfloat t[Side][places];
#pragma GCC unroll 6
    for (int s = 0; s < places; ++s) {
        vfloat column[places], sums[Side];
#pragma GCC unroll 6
        for (int r = 0; r < places; ++r) column[r] = load(m + (r * places + s) * place_size);
        Line::outputs(column, sums);
#pragma GCC unroll 4
        for (int r = 0; r < Side; ++r) t[r][s] = sums[r];
    }
#pragma GCC unroll 4
    for (int r = 0; r < Side; ++r) {
        vfloat y[Side];
        Line::outputs(t[r], y);
        if constexpr (Side == 2) {
            store_interleaved(outputs[r], y[0], y[1]);
        } else {
            float even[2 * kLanes], odd[2 * kLanes];
            store_interleaved(even, y[0], y[2]);
            store_interleaved(odd, y[1], y[3]);
            store_interleaved(outputs[r], load(even), load(odd));
            store_interleaved(outputs[r] + 2 * kLanes, load(even + kLanes), load(odd + kLanes));
        }
    }
}

// Outputs whose sums are kept at a time, where so many fit beside the tiles.
constexpr i64 kSumRows = 96;

// Panels of tiles that a thread's part of the workspace holds, with their sums.
template <int Side>
i64 panels_at_a_time(i64 outputs, i64 channels) {
    const i64 rows = smaller(kSumRows, (outputs + kTileRows - 1) / kTileRows * kTileRows);
    const i64 floats = kGemmWorkspaceBytes / static_cast<i64>(sizeof(float)) / WinogradFilters<Side>::kPlaces;
    return (floats / kTileCols - 2) / (channels + rows);
}

// Transforms tiles [first, first + count) of every channel into panels [place][panel][channel][kTileCols].
template <int Side, class T, class PatchesOf>
void transform_tiles(const PatchesOf& patches_of, const TileGrid<Side>& grid, i64 channels, i64 first, i64 count, float* tiles,
                     i64 place_size) {
    for (i64 panel = 0; panel < count; panel += kTileCols, tiles += channels * kTileCols) {
        const i64 in_panel = smaller(kTileCols, count - panel);
        TileRun runs[kTileCols];
        StagedTiles<Side, T> staged(runs, grid.runs_of(first + panel, in_panel, runs), patches_of);
        for (i64 c = 0; c < channels; ++c) {
            staged.copy(c);
            for (i64 tile = 0; tile < in_panel; tile += kLanes)
                transform_inputs<Side>(staged.rows, staged.start + tile, staged.pitch, tiles + c * kTileCols + tile, place_size);
        }
    }
}

// The outputs `rows` of tiles [first, first + count), from their sums.
template <int Side, class Epilogue>
void finish_tiles(Range rows, const TileGrid<Side>& grid, i64 first, i64 count, const float* sums, i64 place_size,
                  const Epilogue& epilogue) {
    const i64 padded_rows = (rows.size() + kTileRows - 1) / kTileRows * kTileRows;
    for (i64 group = 0; group < count; group += kLanes) {
        TileRun runs[kLanes];
        const int run_count = grid.runs_of(first + group, smaller(kLanes, count - group), runs);
        const float* from = sums + group / kTileCols * padded_rows * kTileCols + group % kTileCols;
        for (i64 m = rows.begin; m < rows.end; ++m, from += kTileCols) {
            float block[Side][Side * kLanes];
            transform_outputs<Side>(from, place_size, block);
            for (int i = 0; i < run_count; ++i) {
                const TileRun& run = runs[i];
                const i64 cols = smaller((run.end - run.begin) * Side, grid.out_width - run.left);
                const i64 lines = smaller(Side, grid.out_height - run.top);
                for (i64 line = 0; line < lines; ++line) {
                    const i64 n = (run.top + line) * grid.out_width + run.left;
                    const float* row = block[line] + run.begin * Side;
                    if (cols == Side * kLanes) {
                        LUM_SIMD
                        for (i64 j = 0; j < Side * kLanes; ++j) epilogue(run.item, m, n + j, row[j]);
                    } else {
                        LUM_SIMD
                        for (i64 j = 0; j < cols; ++j) epilogue(run.item, m, n + j, row[j]);
                    }
                }
            }
        }
    }
}

// The outputs `rows`, from a whole register tile on, of tiles [first, first + count) on the calling thread.
template <int Side, class T, class PatchesOf, class Epilogue>
void winograd_block(Range rows, i64 outputs, i64 channels, const float* filters, const PatchesOf& patches_of,
                    const TileGrid<Side>& grid, i64 first, i64 count, float* workspace, const Epilogue& epilogue) {
    constexpr i64 places = WinogradFilters<Side>::kPlaces;
    const i64 panels = (count + kTileCols - 1) / kTileCols;
    const i64 row_tiles = (outputs + kTileRows - 1) / kTileRows;
    const i64 tiles_size = place_floats(panels * channels);
    float* tiles = workspace;                       // [place][panel][channel][kTileCols]
    float* sums = workspace + places * tiles_size;  // [place][panel][row][kTileCols]
    transform_tiles<Side, T>(patches_of, grid, channels, first, count, tiles, tiles_size);
    const i64 room = kGemmWorkspaceBytes / static_cast<i64>(sizeof(float)) / places - tiles_size;
    const i64 last_tile = (rows.end + kTileRows - 1) / kTileRows;
    const i64 step = smaller(row_tiles, (room / kTileCols - 1) / (panels * kTileRows));
    for (i64 begin = rows.begin / kTileRows; begin < last_tile; begin += step) {
        const i64 end = smaller(begin + step, last_tile);
        const i64 sums_size = place_floats(panels * (end - begin) * kTileRows);
        for (i64 place = 0; place < places; ++place)
            for (i64 panel = 0; panel < panels; ++panel)
                for (i64 m = begin; m < end; ++m)
                    microkernel_packed(smaller(kTileRows, outputs - m * kTileRows),
                                       smaller(kTileCols, count - panel * kTileCols), channels,
                                       filters + (place * row_tiles + m) * kTileRows * channels,
                                       tiles + place * tiles_size + panel * channels * kTileCols, kTileCols,
                                       sums + place * sums_size + (panel * (end - begin) + m - begin) * kTileRows * kTileCols,
                                       false);
        finish_tiles(Range{begin * kTileRows, smaller(end * kTileRows, outputs)}, grid, first, count, sums, sums_size,
                     epilogue);
    }
}

template <int Side, class PatchesOf, class Epilogue>
void winograd_batched(i64 batch, i64 outputs, i64 positions, i64 depth, const float* filters, const PatchesOf& patches_of,
                      void* workspace, const Epilogue& epilogue) {
    if (batch <= 0 || positions <= 0) return;
    const i64 channels = depth / 9;
    const auto image = patches_of(static_cast<i64>(0));
    using T = typename std::remove_const_t<decltype(image)>::Element;
    const TileGrid<Side> grid{batch, positions / image.out_width, image.out_width};
    const i64 panels = (grid.tiles() + kTileCols - 1) / kTileCols;
    const i64 room = panels_at_a_time<Side>(outputs, channels);
    const i64 count = gemm_threads(batch * outputs * positions * depth);
    // As many panels at a time as the workspace holds, but a share for every thread, and equal shares. Where there are
    // fewer panels than threads, several compute some of the outputs each, and all of them transform the tiles.
    i64 blocks = (panels + room - 1) / room;
    if (blocks % count != 0) blocks = smaller(panels, (blocks + count - 1) / count * count);
    const i64 parts = (count + blocks - 1) / blocks;
    parallel_for(blocks * parts, count <= 1 ? blocks : 1, [&](i64 begin, i64 end) {
        float* own = thread_workspace(workspace);
        for (i64 task = begin; task < end; ++task) {
            const i64 block = task / parts;
            const i64 first = panels * block / blocks * kTileCols;
            const i64 last = smaller(panels * (block + 1) / blocks * kTileCols, grid.tiles());
            const Range rows = share_of(outputs, kTileRows, task % parts, parts);
            if (rows.size() <= 0) continue;
            winograd_block<Side, T>(rows, outputs, channels, filters, patches_of, grid, first, last - first, own, epilogue);
        }
    });
}

template <int Side, class T, class Epilogue>
void winograd(i64 outputs, i64 positions, i64 depth, const float* filters, const Patches<T>& image, void* workspace,
              const Epilogue& epilogue) {
    winograd_batched<Side>(1, outputs, positions, depth, filters, [&](i64) { return image; }, workspace,
                           [&](i64, i64 m, i64 n, float sum) { epilogue(m, n, sum); });
}

}  // namespace lum
