// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, self_attn.attention.o. Attention in one pass over the keys: scores exist for a block at a time, sums
// are rescaled when a greater score comes. The 4 heads that share keys are rows of one tile, which reads the keys
// once for all of them. The keys are split into 33 parts, for enough tiles to fill the device.
#include "kernels.h"
#include "runtime/attention.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) self_attn_attention_o_s1_parts(const lum::bf16* score_part,  // [1, 32, 128]
                                                                      const lum::bf16* k_cache,     // [32, 8192, 8, 128]
                                                                      const lum::bf16* v_cache,     // [32, 8192, 8, 128]
                                                                      float* sums,                  // [33 parts of the keys, rows, columns]
                                                                      float* stats,                 // [33 parts of the keys, rows]: greatest score and total
                                                                      const Dims* dims, int l) {
    const int pos = static_cast<int>(dims->pos);
    using Shape = lum::MmaAttention<128, 128, 1, 4, 16>;
    for (lum::Tiles<Shape::BQ, 1, int> tile(8 * 33, 4, 1); tile.next();) {
        const int group = tile.batch / 33;
        const int part = tile.batch % 33;
        const int h = group * 4;
        const lum::SplitK<int> range(pos + 1, 33, part, 16);
        lum::attention_tile<Shape>(tile.row, 4, range.begin, range.begin + range.length,
            128, 128,
            lum::computed<float>([=](int line, int c_2) {
                const int h = group * 4 + line;
                return lum::to_float(score_part[h * 128 + c_2]);
            }),
            lum::Strided<lum::bf16, int>{k_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            lum::Strided<lum::bf16, int>{v_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            [=](int, int, float dot) { return 0.088388346f * dot; },
            [=](int line, int c, float weighted, float greatest, float total) {
                sums[part * 4096 + group * 512 + line * 128 + c] = weighted;
                if (c < 1) {
                    stats[part * 64 + group * 8 + line * 2] = greatest;
                    stats[part * 64 + group * 8 + line * 2 + 1] = total;
                }
            });
    }
}

}  // namespace kernels
