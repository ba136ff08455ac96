// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, self_attn.attention.o. Attention in one pass over the keys: scores exist for a block at a time, sums
// are rescaled when a greater score comes. Keys that the mask shuts out for a whole block are not looked at.
#include "kernels.h"
#include "runtime/attention.cuh"
#include "runtime/integers.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) self_attn_attention_o(const lum::bf16* score_part,  // [s, 32, 128]
                                                             const lum::bf16* k_cache,     // [32, 8192, 8, 128]
                                                             const lum::bf16* v_cache,     // [32, 8192, 8, 128]
                                                             lum::bf16* o,                 // [s, 32, 128]
                                                             const Dims* dims, int l) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    using Shape = lum::MmaAttention<128, 128, 4, 1, 64>;
    for (lum::Tiles<Shape::BQ, 1, int> tile(32, s, 1); tile.next();) {
        const int h = tile.batch;
        const int last = lum::min<int>(tile.row + 64, s) - 1;
        const auto end_of = [=](int i) -> int {
            return i + pos + 1;
        };
        const int end = lum::min<int>(lum::max<int>(end_of(tile.row), end_of(last)), pos + s);
        lum::attention_tile<Shape>(tile.row, s, 0, end,
            128, 128,
            lum::Strided<lum::bf16, int>{score_part + h * 128, 4096, 1},
            lum::Strided<lum::bf16, int>{k_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            lum::Strided<lum::bf16, int>{v_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            [=](int i, int k, float dot) { return k <= i + pos ? 0.088388346f * dot : -INFINITY; },
            [=](int i, int c, float weighted, float, float total) {
                o[i * 4096 + h * 128 + c] = lum::from_float<lum::bf16>(weighted / total);
            });
    }
}

}  // namespace kernels
