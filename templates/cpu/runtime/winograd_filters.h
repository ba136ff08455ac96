// The constant side of winograd.h: filters transformed once, when the weights are bound.
#pragma once

#include <string>

#include "gemm_operands.h"

namespace lum {

constexpr int kPlaces = 16;  // of a transformed tile

// Filters [outputs, channels, 3, 3] as winograd.h reads them: G g Gt, for each place panels of kTileRows outputs.
struct WinogradFilters {
    i64 outputs, channels;

    i64 elements() const { return kPlaces * ((outputs + kTileRows - 1) / kTileRows * kTileRows) * channels; }
    size_t bytes() const { return static_cast<size_t>(elements()) * sizeof(float); }
    std::string layout() const { return "Winograd's transform of 3x3 filters in panels of " + std::to_string(kTileRows); }

    // `panels` is zero before.
    void operator()(const float* filters, float* panels) const;
};

inline void WinogradFilters::operator()(const float* filters, float* panels) const {
    const i64 place_size = elements() / kPlaces;
    for (i64 o = 0; o < outputs; ++o)
        for (i64 c = 0; c < channels; ++c) {
            const float* g = filters + (o * channels + c) * 9;
            float rows[4][3];
            for (int s = 0; s < 3; ++s) {
                const float sum = 0.5f * (g[s] + g[6 + s]);
                rows[0][s] = g[s];
                rows[1][s] = sum + 0.5f * g[3 + s];
                rows[2][s] = sum - 0.5f * g[3 + s];
                rows[3][s] = g[6 + s];
            }
            float* to = panels + o / kTileRows * kTileRows * channels + c * kTileRows + o % kTileRows;
            for (int r = 0; r < 4; ++r) {
                const float sum = 0.5f * (rows[r][0] + rows[r][2]);
                to[(4 * r + 0) * place_size] = rows[r][0];
                to[(4 * r + 1) * place_size] = sum + 0.5f * rows[r][1];
                to[(4 * r + 2) * place_size] = sum - 0.5f * rows[r][1];
                to[(4 * r + 3) * place_size] = rows[r][2];
            }
        }
}

}  // namespace lum
