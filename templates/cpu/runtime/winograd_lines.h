// Winograd's minimal filtering F(Side, 3) of one line: `Side` outputs of a filter of 3 taps from Side + 2 inputs, with
// Side + 2 multiplications. For inputs d, taps g and the matrices At, G and Bt that belong to the line's points,
//
//     Y = At [ (G g) * (Bt d) ]
//
// A tile's rows and then its columns are transformed by these. Y and d are lanes of Side x Side tiles side by side.
#pragma once

#include "vector.h"

namespace lum {

template <int Side>
struct WinogradLine;

// Points 0, 1, -1 and infinity.
template <>
struct WinogradLine<2> {
    static constexpr int places = 4;

    static void inputs(const vfloat d[4], vfloat t[4]) {
        t[0] = d[0] - d[2];
        t[1] = d[1] + d[2];
        t[2] = d[2] - d[1];
        t[3] = d[1] - d[3];
    }
    static void filters(const float g[3], float t[4]) {
        const float even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
        t[0] = g[0];
        t[1] = even + odd;
        t[2] = even - odd;
        t[3] = g[2];
    }
    static void outputs(const vfloat m[4], vfloat y[2]) {
        y[0] = m[0] + m[1] + m[2];
        y[1] = m[1] - m[2] - m[3];
    }
};

// Points 0, a, -a, b, -b and infinity with a = sqrt(1/2) and b = sqrt(2): their products are 1, which keeps the factors
// near 1 and the rounding within twice that of a plain sum. The usual points 1 and 2 have factors from 1/24 to 8.
template <>
struct WinogradLine<4> {
    static constexpr int places = 6;
    static constexpr float a = 0.70710678f, b = 1.41421356f;

    static void inputs(const vfloat d[6], vfloat t[6]) {
        const vfloat near_even = d[4] - 2.0f * d[2], near_odd = d[3] - 2.0f * d[1];
        const vfloat far_even = d[4] - 0.5f * d[2], far_odd = d[3] - 0.5f * d[1];
        t[0] = d[0] - 2.5f * d[2] + d[4];
        t[1] = near_even + a * near_odd;
        t[2] = near_even - a * near_odd;
        t[3] = far_even + b * far_odd;
        t[4] = far_even - b * far_odd;
        t[5] = d[1] - 2.5f * d[3] + d[5];
    }
    static void filters(const float g[3], float t[6]) {
        const float near_even = (g[0] + 0.5f * g[2]) / -1.5f, near_odd = a * g[1] / -1.5f;
        const float far_even = (g[0] + 2.0f * g[2]) / 6.0f, far_odd = b * g[1] / 6.0f;
        t[0] = g[0];
        t[1] = near_even + near_odd;
        t[2] = near_even - near_odd;
        t[3] = far_even + far_odd;
        t[4] = far_even - far_odd;
        t[5] = g[2];
    }
    static void outputs(const vfloat m[6], vfloat y[4]) {
        const vfloat near_even = m[1] + m[2], near_odd = m[1] - m[2];
        const vfloat far_even = m[3] + m[4], far_odd = m[3] - m[4];
        y[0] = m[0] + near_even + far_even;
        y[1] = a * near_odd + b * far_odd;
        y[2] = 0.5f * near_even + 2.0f * far_even;
        y[3] = 0.5f * a * near_odd + (2.0f * b * far_odd + m[5]);
    }
};

}  // namespace lum
