// score[h, i, j] = where(
// nn.lum:140, self_attn.attention.score. A batch of matrix products; left factor read where it lies, right factor
// read where it lies.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(128) self_attn_attention_score_s1(const lum::bf16* score_part,  // [1, 32, 128]
                                                                    const lum::bf16* k_cache,     // [32, 8192, 8, 128]
                                                                    float* score,                 // [32, 1, pos + 1]
                                                                    const Dims* dims, lum::i64 l) {
    const i64 pos = dims->pos;
    for (lum::Tiles<32, 64> tile(32, 1, pos + 1); tile.next();) {
        const i64 h = tile.batch;
        lum::gemm_tile<lum::MmaShape<32, 64, 64, 1, 4, 3>>(tile, 1, pos + 1, 128,
            lum::Strided<lum::bf16>{score_part + h * 128, 0, 1},
            lum::Strided<lum::bf16>{k_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            [=](i64, i64 j, float sum) { score[h * (pos + 1) + j] = 0.088388346f * sum; });
    }
}

}  // namespace kernels
