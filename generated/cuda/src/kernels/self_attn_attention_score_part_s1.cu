// return concat(low, high, axis = -1)
// nn.lum:125.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_attention_score_part_s1(const lum::bf16* q,       // [1, 32, 128]
                                                                         const float* low_cos,     // [1, 64]
                                                                         const float* low_sin,     // [1, 64]
                                                                         lum::bf16* score_part) {  // [1, 32, 128]
    for (int j = lum::global_thread(); j < 32; j += lum::global_threads()) {
        for (int k = 0; k < 64; ++k) {
            score_part[j * 128 + k] = lum::from_float<lum::bf16>(lum::to_float(q[j * 128 + k]) * low_cos[k] -
                lum::to_float(q[j * 128 + k + 64]) * low_sin[k]);
        }
        for (int k = 0; k < 64; ++k) {
            score_part[j * 128 + k + 64] = lum::from_float<lum::bf16>(lum::to_float(q[j * 128 + k + 64]) *
                low_cos[k] + lum::to_float(q[j * 128 + k]) * low_sin[k]);
        }
    }
}

}  // namespace kernels
