// score[h, i, j] = where(
// nn.lum:140, self_attn.attention.score. A batch of matrix products; left factor read where it lies, right factor
// read where it lies.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_attention_score(const lum::bf16* score_part,  // [s, 32, 128]
                                                                 const lum::bf16* k_cache,     // [32, 8192, 8, 128]
                                                                 float* score,                 // [32, s, pos + s]
                                                                 const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<128, 128> tile(32, s, pos + s); tile.next();) {
        const i64 h = tile.batch;
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, pos + s, 128,
            lum::Strided<lum::bf16>{score_part + h * 128, 4096, 1},
            lum::Strided<lum::bf16>{k_cache + h / 4 * 128 + l * 8388608, 1024, 1},
            [=](i64 i, i64 j, float sum) {
                score[h * s * (pos + s) + i * (pos + s) + j] = j <= i + pos ? 0.088388346f * sum : -INFINITY;
            });
    }
}

}  // namespace kernels
