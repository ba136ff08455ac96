// The patches of a convolution as an operand: im2col that is never stored whole. See gemm_convolution.h.
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
        const i64 oh = p / out_width, ow = p % out_width;
        i64 tap = 0;
        for (i64 r = 0; r < kernel_height; ++r)
            for (i64 s = 0; s < kernel_width; ++s, ++tap) {
                const i64 first_channel = (k - tap + taps - 1) / taps;  // the first with channel * taps + tap >= k
                const i64 end_channel = (k + depth - tap + taps - 1) / taps;
                if (first_channel >= end_channel) continue;
                float* row = panel + (first_channel * taps + tap - k) * Width;
                const T* plane = image + first_channel * channel_stride;
                copy_runs(runs_of<Width>(oh, ow, count, r, s),
                          Channels{plane, row, end_channel - first_channel, taps * Width});
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
    Runs<Width> runs_of(i64 oh, i64 ow, i64 count, i64 r, i64 s) const {
        Runs<Width> found;
        for (i64 lane = 0; lane < count; ++oh, ow = 0) {
            const i64 length = count - lane < out_width - ow ? count - lane : out_width - ow;
            const i64 ih = oh * stride_h - pad_top + r * dilation_h, iw = ow * stride_w - pad_left + s * dilation_w;
            // of these lanes, the ones whose column iw + lane * stride_w lies in [0, width); mostly all, without dividing
            const i64 skipped = iw >= 0 ? 0 : (-iw + stride_w - 1) / stride_w;
            const i64 beyond = iw + (length - 1) * stride_w - (width - 1);
            const i64 end = beyond <= 0 ? length : length - (beyond + stride_w - 1) / stride_w;
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

    // fn(plane, row) for every channel.
    template <class Fn>
    void each_channel(Channels channels, const Fn& fn) const {
        for (i64 c = 0; c < channels.count; ++c)
            fn(channels.plane + c * channel_stride, channels.row + c * channels.row_stride);
    }

    // By vectors where a vector lies within one run or is made of runs with neighbouring elements, else by elements.
    template <int Width>
    void copy_runs(const Runs<Width>& runs, Channels channels) const {
        if (Width % kLanes != 0) return copy_elements(runs, channels, 0, Width);
        for (int j = 0; j < Width; j += kLanes) {
            Run met[kLanes];
            int pieces = 0;
            for (int i = 0; i < runs.count; ++i)
                if (runs.runs[i].end > j && runs.runs[i].begin < j + kLanes) met[pieces++] = runs.runs[i];
            const bool whole = pieces == 1 && met[0].begin <= j && met[0].end >= j + kLanes;
            const i64 first = whole ? met[0].offset + j * stride_w : 0;
            if (whole && stride_w == 1)
                each_channel(channels, [=](const T* plane, float* row) { store(row + j, load(plane + first)); });
            else if (whole && stride_w == 2 && first + 2 * kLanes <= height * width)
                each_channel(channels, [=](const T* plane, float* row) {
                    store(row + j, even_lanes(load(plane + first), load(plane + first + kLanes)));
                });
            else if (stride_w == 1 && pieces <= 2)
                copy_pieces(met, pieces, channels, j);
            else
                copy_elements(runs, channels, j, j + kLanes);
        }
    }

    // A vector that up to two runs share with padding.
    void copy_pieces(const Run* met, int pieces, Channels channels, int j) const {
        const Run none{0, 0, 0}, a = pieces > 0 ? met[0] : none, b = pieces > 1 ? met[1] : none;
        const LaneRange lanes_a(a.begin - j, a.end - j), lanes_b(b.begin - j, b.end - j);
        const i64 first_a = a.offset + j, first_b = b.offset + j;
        if (pieces == 0)
            each_channel(channels, [=](const T*, float* row) { store(row + j, vfloat{}); });
        else if (pieces == 1)
            each_channel(channels, [=](const T* plane, float* row) { store(row + j, load_lanes(plane + first_a, lanes_a)); });
        else
            each_channel(channels, [=](const T* plane, float* row) {
                store(row + j, load_lanes(plane + first_a, lanes_a) + load_lanes(plane + first_b, lanes_b));
            });
    }

    // Lanes [from, to) one by one.
    template <int Width>
    void copy_elements(const Runs<Width>& runs, Channels channels, int from, int to) const {
        each_channel(channels, [&](const T* plane, float* row) {
            for (int j = from; j < to; ++j) row[j] = 0.0f;
            for (int i = 0; i < runs.count; ++i) {
                const Run run = runs.runs[i];
                const int begin = run.begin > from ? run.begin : from, end = run.end < to ? run.end : to;
                for (int j = begin; j < end; ++j) row[j] = to_float(plane[run.offset + j * stride_w]);
            }
        });
    }
};

}  // namespace lum
