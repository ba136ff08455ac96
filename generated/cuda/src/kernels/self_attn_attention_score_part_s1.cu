// return concat(low, high, axis = -1)
// nn.lum:125.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_attention_score_part_s1(const lum::bf16* q,       // [1, 32, 128]
                                                                         const float* low_cos,     // [1, 64]
                                                                         const float* low_sin,     // [1, 64]
                                                                         lum::bf16* score_part) {  // [1, 32, 128]
    for (int chunk = lum::global_thread(); chunk < 512; chunk += lum::global_threads()) {
        const int j = chunk / 16;
        const int k = chunk % 16 * 4;
        const auto q_vector = lum::load_vector<lum::bf16, 4>(q + j * 128 + k);
        const auto low_cos_vector = lum::load_vector<float, 4>(low_cos + k);
        const auto q_vector_64 = lum::load_vector<lum::bf16, 4>(q + j * 128 + k + 64);
        const auto low_sin_vector = lum::load_vector<float, 4>(low_sin + k);
        lum::Vector<lum::bf16, 4> score_part_out;
        lum::Vector<lum::bf16, 4> score_part_out_64;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            score_part_out.element[v] = lum::from_float<lum::bf16>(lum::to_float(q_vector.element[v]) *
                low_cos_vector.element[v] - lum::to_float(q_vector_64.element[v]) *
                low_sin_vector.element[v]);
            score_part_out_64.element[v] = lum::from_float<lum::bf16>(lum::to_float(q_vector_64.element[v]) *
                low_cos_vector.element[v] + lum::to_float(q_vector.element[v]) * low_sin_vector.element[v]);
        }
        lum::store_vector(score_part + j * 128 + k, score_part_out);
        lum::store_vector(score_part + j * 128 + k + 64, score_part_out_64);
    }
}

}  // namespace kernels
