// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, self_attn.attention.o. A batch of matrix products; left factor read where it lies, right factor read
// where it lies.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_attention_o(const float* weight_of,    // [32, s, pos + s]
                                                             const lum::bf16* v_cache,  // [32, 8192, 8, 128]
                                                             lum::bf16* o,              // [s, 32, 128]
                                                             const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<128, 128> tile(32, s, 128); tile.next();) {
        const i64 h = tile.batch;
        lum::gemm_tile<lum::FmaShape<128, 128, 8, 8, 8>>(tile, s, 128, pos + s,
            lum::Strided<float>{weight_of + h * s * (pos + s), pos + s, 1},
            lum::Strided<lum::bf16>{v_cache + h / 4 * 128 + l * 8388608, 1, 1024},
            [=](i64 i, i64 c, float sum) { o[i * 4096 + h * 128 + c] = lum::from_float<lum::bf16>(sum); });
    }
}

}  // namespace kernels
