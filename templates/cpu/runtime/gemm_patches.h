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

    template <int Width>
    void pack(i64 p, i64 count, i64 k, i64 depth, float* panel) const {
        i64 top[Width], left[Width];
        for (i64 j = 0; j < count; ++j) {
            top[j] = (p + j) / out_width * stride_h - pad_top;
            left[j] = (p + j) % out_width * stride_w - pad_left;
        }
        i64 s = k % kernel_width, r = k / kernel_width % kernel_height, c = k / (kernel_width * kernel_height);
        for (i64 kk = 0; kk < depth; ++kk) {
            const T* plane = image + c * channel_stride;
            for (i64 j = 0; j < count; ++j) {
                const i64 ih = top[j] + r * dilation_h, iw = left[j] + s * dilation_w;
                const bool inside = ih >= 0 && ih < height && iw >= 0 && iw < width;
                panel[kk * Width + j] = inside ? to_float(plane[ih * width + iw]) : 0.0f;
            }
            for (i64 j = count; j < Width; ++j) panel[kk * Width + j] = 0.0f;
            if (++s == kernel_width) {
                s = 0;
                if (++r == kernel_height) {
                    r = 0;
                    ++c;
                }
            }
        }
    }
};

}  // namespace lum
