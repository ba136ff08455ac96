// return concat(low, high, axis = -1)
// nn.lum:125.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_attention_score_part(const lum::bf16* q,     // [s, 32, 128]
                                                                      const float* low_cos,   // [s, 64]
                                                                      const float* low_sin,   // [s, 64]
                                                                      lum::bf16* score_part,  // [s, 32, 128]
                                                                      const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 512; chunk += lum::global_threads()) {
        const int i = chunk / 512;
        const int j = chunk / 16 % 32;
        const int k = chunk % 16 * 4;
        lum::bf16* score_part_row = score_part + i * 4096 + j * 128;
        const lum::bf16* q_row = q + i * 4096 + j * 128;
        const auto q_row_vector = lum::load_vector<lum::bf16, 4>(q_row + k);
        const auto low_cos_vector = lum::load_vector<float, 4>(low_cos + i * 64 + k);
        const auto q_row_vector_64 = lum::load_vector<lum::bf16, 4>(q_row + k + 64);
        const auto low_sin_vector = lum::load_vector<float, 4>(low_sin + i * 64 + k);
        lum::Vector<lum::bf16, 4> score_part_row_out;
        lum::Vector<lum::bf16, 4> score_part_row_out_64;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            score_part_row_out.element[v] =
                lum::from_float<lum::bf16>(lum::to_float(q_row_vector.element[v]) *
                low_cos_vector.element[v] - lum::to_float(q_row_vector_64.element[v]) *
                low_sin_vector.element[v]);
            score_part_row_out_64.element[v] =
                lum::from_float<lum::bf16>(lum::to_float(q_row_vector_64.element[v]) *
                low_cos_vector.element[v] + lum::to_float(q_row_vector.element[v]) *
                low_sin_vector.element[v]);
        }
        lum::store_vector(score_part_row + k, score_part_row_out);
        lum::store_vector(score_part_row + k + 64, score_part_row_out_64);
    }
}

}  // namespace kernels
