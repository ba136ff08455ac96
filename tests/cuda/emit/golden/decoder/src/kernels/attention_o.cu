// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, attention.o. Attention in one pass over the keys: scores exist for a block at a time, sums are
// rescaled when a greater score comes. Keys that the mask shuts out for a whole block are not looked at.
#include "kernels.h"
#include "runtime/attention.cuh"
#include "runtime/integers.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) attention_o(const float* q,  // [s, 2, 8]
                                                   const float* k,  // [2, 8, 2, 8]
                                                   const float* v,  // [2, 8, 2, 8]
                                                   float* o,        // [s, 2, 8]
                                                   const Dims* dims, int l) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    using Shape = lum::FmaAttention<8, 8, 8, 2>;
    for (lum::Tiles<Shape::BQ, 1, int> tile(2, s, 1); tile.next();) {
        const int h = tile.batch;
        const int last = lum::min<int>(tile.row + 8, s) - 1;
        const auto end_of = [=](int i) -> int {
            return i + pos + 1;
        };
        const int end = lum::min<int>(lum::max<int>(end_of(tile.row), end_of(last)), pos + s);
        lum::attention_tile<Shape>(tile.row, s, 0, end,
            8, 8,
            lum::Strided<float, int>{q + h * 8, 16, 1},
            lum::Strided<float, int>{k + h * 8 + l * 128, 16, 1},
            lum::Strided<float, int>{v + h * 8 + l * 128, 16, 1},
            [=](int i, int k_2, float dot) { return k_2 <= i + pos ? 0.35355338f * dot : -INFINITY; },
            [=](int i, int c, float weighted, float,
                float total) { o[i * 16 + h * 8 + c] = weighted / total; });
    }
}

}  // namespace kernels
