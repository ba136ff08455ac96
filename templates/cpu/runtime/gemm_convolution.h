// Convolutions as contractions of filters [filters, channels, kernel_height, kernel_width] with Patches, none of them
// stored: a few channels of a few rows of the image are copied once, with their padding, so that every tap of the kernel
// finds the inputs of consecutive outputs at a fixed distance. Including this header is all that it takes: gemm() and
// gemm_batched() then go this way.
//
// With a stride, the outputs' inputs lie apart; the copy is sorted by the column and row modulo the stride (its phase),
// and each tap reads from one phase, again consecutively.
#pragma once

#include "gemm.h"
#include "gemm_patches.h"

namespace lum {

constexpr i64 kStagedFloats = 65536;
constexpr i64 kRegionSums = 65536;  // of all filters: what stays in the second-level cache beside the planes
constexpr i64 kStagedTaps = 2048;  // of a channel, and all that are walked in one pass
static_assert(kBlockRows * kBlockDepth >= kTileRows * kStagedTaps, "a tile's rows of all taps fit a block of A");
static_assert((kPackedAFloats + kSumFloats + kStagedFloats + kStagedTaps) * 4 <= kGemmWorkspaceBytes,
              "staged channels fit the workspace");

// One axis of the kernel: tap r reads its inputs from phase r % phases, `shift(r)` places further on.
struct StagedAxis {
    i64 stride, dilation, phases, pad;

    StagedAxis(i64 taps, i64 stride_, i64 dilation_, i64 pad_) : stride(stride_), dilation(dilation_), pad(pad_) {
        phases = 1;
        while (phases < taps && phases * dilation % stride != 0) ++phases;
    }
    i64 shift(i64 tap) const { return tap * dilation / stride; }
    // The input that is first in a phase, for outputs from `output` on.
    i64 first(i64 phase, i64 output) const { return output * stride - pad + phase * dilation % stride; }
};

// Outputs [left, left + cols) of `rows` rows from `top` on, and how their inputs are laid out: planes
// [channel][row phase][column phase], the rows of each `pitch` apart. Outputs are counted along the rows of a plane, so
// that those between two rows are computed too, and left out in the end.
struct StagedRegion {
    i64 top, left, rows, cols;
    i64 pitch, plane;
    bool by_rows;  // tiles start anew in each row of outputs, rather than running on over all of them

    i64 positions() const { return rows * cols; }
    // Of the plane's outputs, those from the first to the last that is wanted.
    i64 outputs_between() const { return (rows - 1) * pitch + cols; }
    i64 row_tiles() const { return (cols + kTileCols - 1) / kTileCols; }
    i64 tiles() const { return by_rows ? rows * row_tiles() : (outputs_between() + kTileCols - 1) / kTileCols; }
    i64 tile_start(i64 tile) const {
        return by_rows ? tile / row_tiles() * pitch + tile % row_tiles() * kTileCols : tile * kTileCols;
    }
    i64 tile_lanes(i64 tile) const {
        return smaller(kTileCols, by_rows ? cols - tile % row_tiles() * kTileCols : outputs_between() - tile * kTileCols);
    }
    // Between the rows of outputs where tiles lie one after the other.
    i64 sums_pitch() const { return by_rows ? row_tiles() * kTileCols : pitch; }
};

// How a row of a plane is filled: to[i] = the image's column first + i * stride, 0 where there is none. By whole vectors:
// what they write beyond the row, the next row overwrites; every plane ends with room for it.
struct StagedRow {
    i64 first, stride, image_width, count;
    bool by_vectors;  // none but the first and the last vector meets the padding
    LaneRange head[2], tail[2];

    StagedRow() = default;
    StagedRow(i64 first_, i64 stride_, i64 image_width_, i64 count_)
        : first(first_), stride(stride_), image_width(image_width_), count(count_) {
        const i64 last = (count - 1) / kLanes * kLanes;
        by_vectors = stride <= 2 && (last == 0 || first + stride * kLanes >= 0) &&
                     (last <= kLanes || first + stride * last <= image_width);
        for (i64 half = 0; half < 2; ++half) {
            head[half] = inside(first + half * kLanes);
            tail[half] = inside(first + stride * last + half * kLanes);
        }
    }

    void clear(float* to) const {
        for (i64 i = 0; i < count; i += kLanes) store(to + i, vfloat{});
    }

    template <class T>
    void copy(const T* row, float* to) const {
        if (!by_vectors) {
            for (i64 i = 0; i < count; ++i) {
                const i64 column = first + i * stride;
                to[i] = column < 0 || column >= image_width ? 0.0f : to_float(row[column]);
            }
        } else if (stride == 1) {
            store(to, load_lanes(row + first, head[0]));
            i64 i = kLanes;
            for (; i + kLanes < count; i += kLanes) store(to + i, load(row + first + i));
            if (i < count) store(to + i, load_lanes(row + first + i, tail[0]));
        } else {
            const T* from = row + first;
            store(to, even_lanes(load_lanes(from, head[0]), load_lanes(from + kLanes, head[1])));
            i64 i = kLanes;
            for (; i + kLanes < count; i += kLanes)
                store(to + i, even_lanes(load(from + 2 * i), load(from + 2 * i + kLanes)));
            if (i < count)
                store(to + i, even_lanes(load_lanes(from + 2 * i, tail[0]), load_lanes(from + 2 * i + kLanes, tail[1])));
        }
    }

private:
    // Of the vector at a column, the lanes that are in the image.
    LaneRange inside(i64 column) const { return LaneRange(-column, image_width - column); }
};

template <class T>
struct StagedImage {
    const Patches<T>& from;
    StagedAxis down, across;

    explicit StagedImage(const Patches<T>& patches)
        : from(patches),
          down(patches.kernel_height, patches.stride_h, patches.dilation_h, patches.pad_top),
          across(patches.kernel_width, patches.stride_w, patches.dilation_w, patches.pad_left) {}

    i64 taps() const { return from.kernel_height * from.kernel_width; }
    i64 channel_floats(const StagedRegion& region) const { return down.phases * across.phases * region.plane; }

    StagedRegion region_at(i64 top, i64 left, i64 rows, i64 cols) const {
        StagedRegion region{top, left, rows, cols, 0, 0, false};
        const i64 reach = across.shift(from.kernel_width - 1), width = cols + reach;
        region.pitch = width;
        // The padding right of a row serves as the padding left of the next one.
        if (across.stride == 1 && cols == from.out_width && from.pad_left > 0)
            region.pitch = smaller(width, larger(cols, larger(from.pad_left + from.width, width - from.pad_left)));
        region.plane = (rows + down.shift(from.kernel_height - 1)) * region.pitch + width - region.pitch + kLanes;
        StagedRegion in_rows = region;
        in_rows.by_rows = true;
        return in_rows.tiles() <= region.tiles() ? in_rows : region;
    }

    bool fits(const StagedRegion& region, i64 filters) const {
        return region.tiles() * kTileCols * filters <= kRegionSums && channel_floats(region) + kTileCols <= kStagedFloats;
    }

    // The outputs of `filters` filters to do next out of [begin, end): whole rows where possible, in about equal parts.
    StagedRegion next_region(i64 begin, i64 end, i64 filters) const {
        const i64 top = begin / from.out_width, left = begin % from.out_width;
        const i64 whole_rows = left == 0 ? (end - begin) / from.out_width : 0;
        if (whole_rows > 0 && fits(region_at(top, 0, 1, from.out_width), filters)) {
            i64 parts = 1;
            while (!fits(region_at(top, 0, (whole_rows + parts - 1) / parts, from.out_width), filters)) ++parts;
            return region_at(top, 0, (whole_rows + parts - 1) / parts, from.out_width);
        }
        const i64 run = smaller(from.out_width - left, end - begin);
        i64 parts = 1;
        while (run > parts && !fits(region_at(top, left, 1, (run + parts - 1) / parts), filters)) ++parts;
        return region_at(top, left, 1, (run + parts - 1) / parts);
    }

    // Where the taps of `channels` channels read the inputs of a plane's first output.
    void list_offsets(const StagedRegion& region, i64 channels, i32* offsets) const {
        for (i64 c = 0; c < channels; ++c)
            for (i64 r = 0; r < from.kernel_height; ++r)
                for (i64 s = 0; s < from.kernel_width; ++s) {
                    const i64 plane = (c * down.phases + r % down.phases) * across.phases + s % across.phases;
                    *offsets++ = static_cast<i32>(plane * region.plane + down.shift(r) * region.pitch + across.shift(s));
                }
    }

    void copy_channels(const StagedRegion& region, i64 first_channel, i64 channels, float* planes) const {
        const i64 width = region.cols + across.shift(from.kernel_width - 1);
        const i64 rows = region.rows + down.shift(from.kernel_height - 1);
        for (i64 phase_w = 0; phase_w < across.phases; ++phase_w) {
            const StagedRow row(across.first(phase_w, region.left), across.stride, from.width, width);
            for (i64 c = 0; c < channels; ++c)
                for (i64 phase_h = 0; phase_h < down.phases; ++phase_h) {
                    const T* plane = from.image + (first_channel + c) * from.channel_stride;
                    float* to = planes + ((c * down.phases + phase_h) * across.phases + phase_w) * region.plane;
                    for (i64 y = 0; y < rows; ++y, to += region.pitch) {
                        const i64 h = down.first(phase_h, region.top) + y * down.stride;
                        if (h >= 0 && h < from.height)
                            row.copy(plane + h * from.width, to);
                        else
                            row.clear(to);
                    }
                }
        }
    }
};

// One row of sums without what lies between the rows of outputs.
inline void close_rows(const StagedRegion& region, float* sums) {
    for (i64 row = 1; row < region.rows; ++row) {
        float* to = sums + row * region.cols;
        const float* from = sums + row * region.sums_pitch();
        i64 i = 0;
        for (; i + kLanes <= region.cols; i += kLanes) store(to + i, load(from + i));
        for (; i < region.cols; ++i) to[i] = from[i];
    }
}

template <class A, class T, class Epilogue>
void convolve_region(Range rows, const StagedRegion& region, i64 K, const A& a, const StagedImage<T>& image, float* workspace,
                     const Epilogue& epilogue) {
    float* packed_a = workspace;
    float* sums = packed_a + kPackedAFloats;
    float* planes = sums + kSumFloats;
    i32* offsets = reinterpret_cast<i32*>(planes + kStagedFloats);

    const i64 taps = image.taps(), channels = K / taps;
    const i64 room = (kStagedFloats - kTileCols) / image.channel_floats(region);
    const i64 most = larger(1, smaller(room, kBlockDepth / taps));
    const i64 blocks = (channels + most - 1) / most, per_block = (channels + blocks - 1) / blocks;
    const i64 most_rows = kBlockRows * kBlockDepth / (per_block * taps) / kTileRows * kTileRows;
    const i64 block_rows = smaller(kBlockRows, most_rows);
    const i64 sums_stride = region.tiles() * kTileCols, positions = region.positions();
    const i64 n = region.top * image.from.out_width + region.left;
    image.list_offsets(region, per_block, offsets);

    for (i64 m0 = rows.begin; m0 < rows.end; m0 += block_rows) {
        const i64 m_end = smaller(m0 + block_rows, rows.end);
        for (i64 channel = 0; channel < channels; channel += per_block) {
            const i64 count = smaller(per_block, channels - channel), depth = count * taps;
            image.copy_channels(region, channel, count, planes);
            const BlockOfA block_a = block_of_a<BySize>(a, Range{m0, m_end}, channel * taps, depth, K, positions, packed_a);
            for (i64 t = 0; t < region.tiles(); ++t) {
                const ListedColumns columns{planes + region.tile_start(t), offsets};
                for (i64 m = m0; m < m_end; m += kTileRows)
                    microkernel_of<BySize>(block_a, m - m0, smaller(kTileRows, m_end - m), region.tile_lanes(t), depth, columns,
                                   Tile{sums + (m - m0) * sums_stride + t * kTileCols, sums_stride}, channel > 0);
            }
        }
        for (i64 m = m0; m < m_end; ++m) {
            float* row = sums + (m - m0) * sums_stride;
            if (region.sums_pitch() != region.cols) close_rows(region, row);
            LUM_SIMD
            for (i64 j = 0; j < positions; ++j) epilogue(m, n + j, row[j]);
        }
    }
}

template <class S, class A, class T, class Epilogue>
void gemm_rectangle(Range rows, Range cols, i64 K, const A& a, const Patches<T>& b, float* workspace,
                    const Epilogue& epilogue) {
    const StagedImage<T> image(b);
    // Kernels that reach too far for the room, or nothing to sum: as any operand.
    if (K == 0 || image.taps() > kStagedTaps || !image.fits(image.region_at(0, 0, 1, 1), kTileRows))
        return gemm_blocked<S>(rows, cols, K, a, b, workspace, epilogue);
    for (i64 n = cols.begin; n < cols.end;) {
        const StagedRegion region = image.next_region(n, cols.end, smaller(rows.size(), kBlockRows));
        convolve_region(rows, region, K, a, image, workspace, epilogue);
        n += region.positions();
    }
}

template <class T>
i64 column_unit(const Patches<T>& b, i64) { return b.out_width; }

}  // namespace lum
