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

using lum::i64;

__global__ void __launch_bounds__(128) attention_o(const float* q,  // [s, 2, 8]
                                                   const float* k,  // [2, 8, 2, 8]
                                                   const float* v,  // [2, 8, 2, 8]
                                                   float* o,        // [s, 2, 8]
                                                   const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    using Shape = lum::FmaAttention<8, 8, 8, 2>;
    for (lum::Tiles<Shape::BQ, 1> tile(2, s, 1); tile.next();) {
        const i64 h = tile.batch;
        const i64 last = lum::min<i64>(tile.row + 8, s) - 1;
        const auto end_of = [=](i64 i) -> i64 {
            return i + pos + 1;
        };
        const i64 end = lum::min<i64>(lum::max<i64>(end_of(tile.row), end_of(last)), pos + s);
        lum::attention_tile<Shape>(tile.row, s, 0, end,
            8, 8,
            lum::Strided<float>{q + h * 8, 16, 1},
            lum::Strided<float>{k + h * 8 + l * 128, 16, 1},
            lum::Strided<float>{v + h * 8 + l * 128, 16, 1},
            [=](i64 i, i64 k_, float dot) { return k_ <= i + pos ? 0.35355338f * dot : -INFINITY; },
            [=](i64 i, i64 c, float weighted, float,
                float total) { o[i * 16 + h * 8 + c] = weighted / total; });
    }
}

}  // namespace kernels
