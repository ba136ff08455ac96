// weight_of = softmax(score)
// nn.lum:145, self_attn.attention.weight_of.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_attention_weight_of(const float* score,  // [32, s, pos + s]
                                                                     float* weight_of,    // [32, s, pos + s]
                                                                     const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (i64 j = lum::block(); j < s * 32; j += lum::grid()) {  // a block each
        float largest = -INFINITY;
        const float* score_row = score + j * (pos + s);
        for (i64 k = lum::thread(); k < pos + s; k += lum::threads()) {
            largest = lum::max(largest, score_row[k]);
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        float sum = 0.0f;
        float* weight_of_row = weight_of + j * (pos + s);
        for (i64 k = lum::thread(); k < pos + s; k += lum::threads()) {
            const float e = lum::exp(score_row[k] - largest);
            weight_of_row[k] = e;
            sum += e;
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        for (i64 k = lum::thread(); k < pos + s; k += lum::threads()) {
            weight_of_row[k] = weight_of_row[k] / sum;
        }
    }
}

}  // namespace kernels
