// 3x3 convolutions of stride 1 with fewer multiplications: Winograd's minimal filtering F(2x2, 3x3), after Lavin and
// Gray, "Fast algorithms for convolutional neural networks" (2015). With d a tile of 4x4 inputs and g the 3x3 taps,
//
//     Y = At [ (G g Gt) * (Bt d B) ] A
//
// is the tile's 2x2 outputs: 16 multiplications instead of 36. Summed over channels, each of the 16 places of the
// transformed tile is a matrix product, filters [outputs, channels] by tiles [channels, tiles].
//
//     winograd(outputs, positions, 9 * channels, filters, patches, workspace, epilogue);
//     winograd_batched(batch, outputs, positions, 9 * channels, filters, patches_of, workspace, epilogue);
//
// take what gemm() and gemm_batched() take, with the filters as winograd_filters.h lays them out. The sums differ from
// those of gemm() by rounding; an infinite input makes a NaN of the outputs around it.
#pragma once

#include "gemm.h"
#include "gemm_patches.h"
#include "winograd_filters.h"

namespace lum {

// kLanes tiles side by side: their inputs are 4 rows of 2 * kLanes + 2 elements, and loads read one more.
constexpr int kGroupColumns = 2 * kLanes + 3;
constexpr int kGroupsPerPanel = kTileCols / kLanes;

// Bt d B of a group; `rows[r]` is row r of the inputs. Place p goes to to[p * place_size].
inline void transform_inputs(const float* const rows[4], float* to, i64 place_size) {
    vfloat d[4][4];
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
        const float* row = rows[r];
#pragma GCC unroll 4
        for (int s = 0; s < 4; ++s) d[r][s] = even_lanes(load(row + s), load(row + s + kLanes));
    }
    vfloat t[4][4];
#pragma GCC unroll 4
    for (int s = 0; s < 4; ++s) {
        t[0][s] = d[0][s] - d[2][s];
        t[1][s] = d[1][s] + d[2][s];
        t[2][s] = d[2][s] - d[1][s];
        t[3][s] = d[1][s] - d[3][s];
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
        float* at = to + 4 * r * place_size;
        store(at, t[r][0] - t[r][2]);
        store(at + place_size, t[r][1] + t[r][2]);
        store(at + 2 * place_size, t[r][2] - t[r][1]);
        store(at + 3 * place_size, t[r][1] - t[r][3]);
    }
}

// At m A of a group, m[p * place_size] being place p: outputs[r] are row r of the 2 * kLanes outputs.
inline void transform_outputs(const float* m, i64 place_size, float outputs[2][2 * kLanes]) {
    vfloat t[2][4];
#pragma GCC unroll 4
    for (int s = 0; s < 4; ++s) {
        const float* at = m + s * place_size;
        const vfloat a = load(at), b = load(at + 4 * place_size), c = load(at + 8 * place_size), d = load(at + 12 * place_size);
        t[0][s] = a + b + c;
        t[1][s] = b - c - d;
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
        const vfloat even = t[r][0] + t[r][1] + t[r][2], odd = t[r][1] - t[r][2] - t[r][3];
        store_interleaved(outputs[r], even, odd);
    }
}

// The tiles of an image in groups of kLanes along a row of tiles.
struct TileGrid {
    i64 out_height, out_width;
    i64 rows() const { return (out_height + 1) / 2; }
    i64 groups_in_row() const { return (out_width + 2 * kLanes - 1) / (2 * kLanes); }
    i64 groups() const { return rows() * groups_in_row(); }
};

// Transforms groups [first, first + count) of every channel into panels [place][panel][channel][kTileCols].
template <class T>
void transform_image(const Patches<T>& image, const TileGrid& grid, i64 channels, i64 first, i64 count, float* tiles,
                     i64 place_size) {
    for (i64 g = 0; g < count; ++g) {
        const i64 top = (first + g) / grid.groups_in_row() * 2 - image.pad_top;
        const i64 left = (first + g) % grid.groups_in_row() * 2 * kLanes - image.pad_left;
        float* to = tiles + g / kGroupsPerPanel * channels * kTileCols + g % kGroupsPerPanel * kLanes;
        const bool inside = top >= 0 && top + 4 <= image.height && left >= 0 && left + kGroupColumns <= image.width;
        if constexpr (sizeof(T) == sizeof(float)) {
            if (inside) {
                const T* from = image.image + top * image.width + left;
                for (i64 c = 0; c < channels; ++c, from += image.channel_stride) {
                    const float* const rows[4] = {from, from + image.width, from + 2 * image.width, from + 3 * image.width};
                    transform_inputs(rows, to + c * kTileCols, place_size);
                }
                continue;
            }
        }
        // Padding, or another type: the rows are copied, zero where there is no input.
        float copy[4][kGroupColumns] = {};
        const float* const rows[4] = {copy[0], copy[1], copy[2], copy[3]};
        const i64 begin = left < 0 ? -left : 0, end = smaller(kGroupColumns, image.width - left);
        for (i64 c = 0; c < channels; ++c) {
            for (i64 r = 0; r < 4; ++r) {
                if (top + r < 0 || top + r >= image.height) continue;
                const T* from = image.image + c * image.channel_stride + (top + r) * image.width + left;
                for (i64 i = begin; i < end; ++i) copy[r][i] = to_float(from[i]);
            }
            transform_inputs(rows, to + c * kTileCols, place_size);
        }
    }
}

// Outputs whose sums are kept at a time, where so many fit beside the tiles.
constexpr i64 kSumRows = 96;

// Panels of tiles that a thread's part of the workspace holds, with their sums.
inline i64 panels_at_a_time(i64 outputs, i64 channels) {
    const i64 rows = smaller(kSumRows, (outputs + kTileRows - 1) / kTileRows * kTileRows);
    return kGemmWorkspaceBytes / static_cast<i64>(sizeof(float)) / (kPlaces * kTileCols * (channels + rows));
}

// Rows [m_begin, m_end) of the outputs of groups [first, first + count), from their sums.
template <class Epilogue>
void finish_groups(Range rows, const TileGrid& grid, i64 first, i64 count, const float* sums, i64 sums_size,
                   const Epilogue& epilogue) {
    const i64 padded_rows = (rows.size() + kTileRows - 1) / kTileRows * kTileRows;
    for (i64 g = 0; g < count; ++g) {
        const i64 top = (first + g) / grid.groups_in_row() * 2, left = (first + g) % grid.groups_in_row() * 2 * kLanes;
        const i64 cols = smaller(2 * kLanes, grid.out_width - left), lines = smaller(2, grid.out_height - top);
        const float* from = sums + g / kGroupsPerPanel * padded_rows * kTileCols + g % kGroupsPerPanel * kLanes;
        for (i64 m = rows.begin; m < rows.end; ++m, from += kTileCols) {
            float block[2][2 * kLanes];
            transform_outputs(from, sums_size, block);
            for (i64 r = 0; r < lines; ++r) {
                const i64 n = (top + r) * grid.out_width + left;
                if (cols == 2 * kLanes) {
                    LUM_SIMD
                    for (i64 j = 0; j < 2 * kLanes; ++j) epilogue(m, n + j, block[r][j]);
                } else {
                    for (i64 j = 0; j < cols; ++j) epilogue(m, n + j, block[r][j]);
                }
            }
        }
    }
}

// Groups [first, first + count) of one image on the calling thread.
template <class T, class Epilogue>
void winograd_block(i64 outputs, i64 channels, const float* filters, const Patches<T>& image, const TileGrid& grid,
                    i64 first, i64 count, float* workspace, const Epilogue& epilogue) {
    const i64 panels = (count + kGroupsPerPanel - 1) / kGroupsPerPanel;
    const i64 row_tiles = (outputs + kTileRows - 1) / kTileRows;
    const i64 tiles_size = panels * channels * kTileCols;
    float* tiles = workspace;                        // [place][panel][channel][kTileCols]
    float* sums = workspace + kPlaces * tiles_size;  // [place][panel][row][kTileCols]
    transform_image(image, grid, channels, first, count, tiles, tiles_size);
    const i64 room = kGemmWorkspaceBytes / static_cast<i64>(sizeof(float)) / kPlaces - tiles_size;
    const i64 step = smaller(row_tiles, room / (panels * kTileRows * kTileCols));
    for (i64 begin = 0; begin < row_tiles; begin += step) {
        const i64 end = smaller(begin + step, row_tiles);
        const i64 sums_size = panels * (end - begin) * kTileRows * kTileCols;
        for (i64 place = 0; place < kPlaces; ++place)
            for (i64 panel = 0; panel < panels; ++panel)
                for (i64 m = begin; m < end; ++m)
                    microkernel_packed(smaller(kTileRows, outputs - m * kTileRows),
                                       smaller(kTileCols, (count - panel * kGroupsPerPanel) * kLanes), channels,
                                       filters + (place * row_tiles + m) * kTileRows * channels,
                                       tiles + place * tiles_size + panel * channels * kTileCols, kTileCols,
                                       sums + place * sums_size + (panel * (end - begin) + m - begin) * kTileRows * kTileCols,
                                       false);
        finish_groups(Range{begin * kTileRows, smaller(end * kTileRows, outputs)}, grid, first, count, sums, sums_size,
                      epilogue);
    }
}

template <class PatchesOf, class Epilogue>
void winograd_batched(i64 batch, i64 outputs, i64 positions, i64 depth, const float* filters, const PatchesOf& patches_of,
                      void* workspace, const Epilogue& epilogue) {
    if (batch <= 0 || positions <= 0) return;
    const i64 channels = depth / 9;
    const i64 out_width = patches_of(static_cast<i64>(0)).out_width;
    const TileGrid grid{positions / out_width, out_width};
    const i64 panels = (grid.groups() + kGroupsPerPanel - 1) / kGroupsPerPanel;
    const i64 room = panels_at_a_time(outputs, channels);
    const i64 count = gemm_threads(batch * outputs * positions * depth);
    // As many panels at a time as the workspace holds, but a share for every thread, and equal shares.
    i64 blocks = (panels + room - 1) / room;
    if (batch * blocks % count != 0) blocks = smaller(panels, (blocks + count - 1) / count * count);
    parallel_for(batch * blocks, count <= 1 ? batch * blocks : 1, [&](i64 begin, i64 end) {
        float* own = thread_workspace(workspace);
        for (i64 task = begin; task < end; ++task) {
            const i64 item = task / blocks, block = task % blocks;
            const i64 first = panels * block / blocks * kGroupsPerPanel;
            const i64 last = smaller(panels * (block + 1) / blocks * kGroupsPerPanel, grid.groups());
            winograd_block(outputs, channels, filters, patches_of(item), grid, first, last - first, own,
                           [&](i64 m, i64 n, float sum) { epilogue(item, m, n, sum); });
        }
    });
}

template <class T, class Epilogue>
void winograd(i64 outputs, i64 positions, i64 depth, const float* filters, const Patches<T>& image, void* workspace,
              const Epilogue& epilogue) {
    winograd_batched(1, outputs, positions, depth, filters, [&](i64) { return image; }, workspace,
                     [&](i64, i64 m, i64 n, float sum) { epilogue(m, n, sum); });
}

}  // namespace lum
