// The patches of a convolution as an operand: im2col that is never stored whole.
#pragma once

#include "gemm_operands.h"

namespace lum {

// Element (p, k): p = output position oh * out_width + ow, k = (channel * kernel_height + r) * kernel_width + s, so
// that weights [filters, channels, kernel_height, kernel_width] are the other side as they lie.
// One image [channels, height, width]; the padding reads 0. A 1-D convolution has height 1 and kernel_height 1.
template <class T>
struct Patches {
    using Element = T;
    const T* image;
    i64 height, width;
    i64 kernel_height, kernel_width;
    i64 stride_h, stride_w;
    i64 dilation_h, dilation_w;
    i64 pad_top, pad_left;
    i64 out_width;
    i64 channel_stride;  // height * width when channels lie one after the other

    float at(i64 p, i64 k) const {
        const i64 s = k % kernel_width, r = k / kernel_width % kernel_height, c = k / (kernel_width * kernel_height);
        const i64 ih = p / out_width * stride_h - pad_top + r * dilation_h;
        const i64 iw = p % out_width * stride_w - pad_left + s * dilation_w;
        if (ih < 0 || ih >= height || iw < 0 || iw >= width) return 0.0f;
        return to_float(image[c * channel_stride + ih * width + iw]);
    }

    // For each tap (r, s) the panel's positions read the same places of every channel: found once, copied for all.
    template <int Width>
    void pack(i64 p, i64 count, i64 k, i64 depth, float* panel) const {
        const i64 taps = kernel_height * kernel_width;
        for (i64 tap = 0; tap < taps; ++tap) {
            const i64 first_channel = (k - tap + taps - 1) / taps;  // the first with channel * taps + tap >= k
            const i64 end_channel = (k + depth - tap + taps - 1) / taps;
            if (first_channel >= end_channel) continue;
            const Runs<Width> runs = runs_of<Width>(p, count, tap / kernel_width, tap % kernel_width);
            float* row = panel + (first_channel * taps + tap - k) * Width;
            const T* plane = image + first_channel * channel_stride;
            const Channels channels{plane, row, end_channel - first_channel, taps * Width};
            if (stride_w == 1 && Width % kLanes == 0)
                copy_vectors(runs, channels);
            else
                copy_elements(runs, channels);
        }
    }

private:
    // Lanes [begin, end) of a panel's row read plane[offset + lane * stride_w]; lanes of no run are padding.
    struct Run {
        i64 offset;
        int begin, end;
    };
    template <int Width>
    struct Runs {
        Run runs[Width];
        int count = 0;
    };

    template <int Width>
    Runs<Width> runs_of(i64 p, i64 count, i64 r, i64 s) const {
        Runs<Width> found;
        i64 oh = p / out_width, ow = p % out_width;
        for (i64 lane = 0; lane < count; ++oh, ow = 0) {
            const i64 length = count - lane < out_width - ow ? count - lane : out_width - ow;
            const i64 ih = oh * stride_h - pad_top + r * dilation_h, iw = ow * stride_w - pad_left + s * dilation_w;
            // of these lanes, the ones whose column iw + lane * stride_w lies in [0, width)
            const i64 skipped = iw >= 0 ? 0 : (-iw + stride_w - 1) / stride_w;
            const i64 within = iw >= width ? 0 : (width - iw + stride_w - 1) / stride_w;
            const i64 end = within < length ? within : length;
            if (ih >= 0 && ih < height && skipped < end) {
                const Run run{ih * width + iw - lane * stride_w, static_cast<int>(lane + skipped), static_cast<int>(lane + end)};
                Run* last = found.count == 0 ? nullptr : &found.runs[found.count - 1];
                if (last != nullptr && last->end == run.begin && last->offset == run.offset)
                    last->end = run.end;
                else
                    found.runs[found.count++] = run;
            }
            lane += length;
        }
        return found;
    }

    // One row of the panel for each of `count` channels.
    struct Channels {
        const T* plane;
        float* row;
        i64 count;
        i64 row_stride;
    };

    template <int Width>
    void copy_elements(const Runs<Width>& runs, Channels channels) const {
        for (i64 c = 0; c < channels.count; ++c) {
            const T* plane = channels.plane + c * channel_stride;
            float* row = channels.row + c * channels.row_stride;
            for (int j = 0; j < Width; ++j) row[j] = 0.0f;
            for (int i = 0; i < runs.count; ++i)
                for (int j = runs.runs[i].begin; j < runs.runs[i].end; ++j)
                    row[j] = to_float(plane[runs.runs[i].offset + j * stride_w]);
        }
    }

    // The same by vectors, each the sum of the runs that meet in it.
    template <int Width>
    void copy_vectors(const Runs<Width>& runs, Channels channels) const {
        for (int j = 0; j < Width; j += kLanes) {
            i64 offsets[kLanes];
            LaneRange lanes[kLanes];
            int pieces = 0;
            bool whole = false;
            for (int i = 0; i < runs.count; ++i) {
                const Run run = runs.runs[i];
                if (run.end <= j || run.begin >= j + kLanes) continue;
                whole = run.begin <= j && run.end >= j + kLanes;
                offsets[pieces] = run.offset + j;
                lanes[pieces++] = LaneRange(run.begin - j, run.end - j);
            }
            for (i64 c = 0; c < channels.count; ++c) {
                const T* plane = channels.plane + c * channel_stride;
                vfloat value = {};
                if (whole)
                    value = load(plane + offsets[0]);
                else
                    for (int i = 0; i < pieces; ++i) value = value + load_lanes(plane + offsets[i], lanes[i]);
                store(channels.row + c * channels.row_stride + j, value);
            }
        }
    }
};

}  // namespace lum
