// return concat(low, high, axis = -1)
// nn.lum:125.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_attention_score_part(const lum::bf16* q,     // [s, 32, 128]
                                                                      const float* low_cos,   // [s, 64]
                                                                      const float* low_sin,   // [s, 64]
                                                                      lum::bf16* score_part,  // [s, 32, 128]
                                                                      const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int item = lum::global_thread(); item < s * 32; item += lum::global_threads()) {
        const int i = item / 32;
        const int j = item % 32;
        lum::bf16* score_part_row = score_part + i * 4096 + j * 128;
        const lum::bf16* q_row = q + i * 4096 + j * 128;
        for (int k = 0; k < 64; ++k) {
            score_part_row[k] = lum::from_float<lum::bf16>(lum::to_float(q_row[k]) * low_cos[i * 64 + k] -
                lum::to_float(q_row[k + 64]) * low_sin[i * 64 + k]);
        }
        for (int k = 0; k < 64; ++k) {
            score_part_row[k + 64] = lum::from_float<lum::bf16>(lum::to_float(q_row[k + 64]) *
                low_cos[i * 64 + k] + lum::to_float(q_row[k]) * low_sin[i * 64 + k]);
        }
    }
}

}  // namespace kernels
