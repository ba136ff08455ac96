// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, self_attn.attention.o. A batch of matrix products; left factor read where it lies, right factor read
// where it lies.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_attention_o_s1(const float* weight_of,    // [32, 1, pos + 1]
                                                                const lum::bf16* v_cache,  // [32, 8192, 8, 128]
                                                                lum::bf16* o,              // [1, 32, 128]
                                                                const Dims* dims, lum::i64 l) {
    const i64 pos = dims->pos;
    for (lum::Shares share(32); share.next();) {
        const i64 h = share.item;
        lum::skinny<1, 1, false>(share, 1, 128, pos + 1,
            lum::Strided<float>{weight_of + h * (pos + 1), 0, 1},
            lum::Strided<lum::bf16>{v_cache + h / 4 * 128 + l * 8388608, 1, 1024},
            [=](i64, i64 c, float sum) { o[h * 128 + c] = lum::from_float<lum::bf16>(sum); });
    }
}

}  // namespace kernels
