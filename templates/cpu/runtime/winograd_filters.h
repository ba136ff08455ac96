// The constant side of winograd.h: filters transformed once, when the weights are bound.
#pragma once

#include <string>

#include "gemm_operands.h"
#include "winograd_lines.h"

namespace lum {

// Filters [outputs, channels, 3, 3] as winograd.h reads them for tiles of Side x Side: G g Gt, for each place panels of
// kTileRows outputs.
template <int Side>
struct WinogradFilters {
    using Line = WinogradLine<Side>;
    static constexpr int kPlaces = Line::places * Line::places;
    i64 outputs, channels;

    i64 elements() const { return kPlaces * ((outputs + kTileRows - 1) / kTileRows * kTileRows) * channels; }
    size_t bytes() const { return static_cast<size_t>(elements()) * sizeof(float); }
    std::string layout() const {
        const std::string side = std::to_string(Side);
        return "Winograd's F(" + side + "x" + side + ", 3x3) of filters in panels of " + std::to_string(kTileRows);
    }

    // `panels` is zero before.
    void operator()(const float* filters, float* panels) const {
        const i64 place_size = elements() / kPlaces;
        for (i64 o = 0; o < outputs; ++o)
            for (i64 c = 0; c < channels; ++c) {
                const float* g = filters + (o * channels + c) * 9;
                float down[3][Line::places];
                for (int s = 0; s < 3; ++s) {
                    const float taps[3] = {g[s], g[3 + s], g[6 + s]};
                    Line::filters(taps, down[s]);
                }
                float* to = panels + o / kTileRows * kTileRows * channels + c * kTileRows + o % kTileRows;
                for (int r = 0; r < Line::places; ++r) {
                    const float taps[3] = {down[0][r], down[1][r], down[2][r]};
                    float across[Line::places];
                    Line::filters(taps, across);
                    for (int s = 0; s < Line::places; ++s) to[(r * Line::places + s) * place_size] = across[s];
                }
            }
    }
};

}  // namespace lum
