// weight_of = softmax(score)
// nn.lum:145, attention.weight_of.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) attention_weight_of(const float* score,  // [2, s, pos + s]
                                                           float* weight_of,    // [2, s, pos + s]
                                                           const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (i64 j = lum::global_thread(); j < s * 2; j += lum::global_threads()) {
        float largest = -INFINITY;
        const float* score_row = score + j * (pos + s);
        for (i64 k = 0; k < pos + s; ++k) {
            largest = lum::max(largest, score_row[k]);
        }
        float sum = 0.0f;
        float* weight_of_row = weight_of + j * (pos + s);
        for (i64 k = 0; k < pos + s; ++k) {
            const float e = lum::exp(score_row[k] - largest);
            weight_of_row[k] = e;
            sum += e;
        }
        for (i64 k = 0; k < pos + s; ++k) {
            weight_of_row[k] = weight_of_row[k] / sum;
        }
    }
}

}  // namespace kernels
