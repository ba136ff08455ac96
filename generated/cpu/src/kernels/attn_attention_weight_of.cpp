// weight_of = softmax(score)
// nn.lum:145, attn.attention.weight_of.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/integers.h"
#include "runtime/math.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attn_attention_weight_of(const float* score,  // [5, s, pos + s]
                              float* weight_of,    // [5, s, pos + s]
                              lum::i64 s, lum::i64 pos) {
    lum::parallel_for(s * 5, lum::grain_for(pos * 13 + s * 13), [=](i64 begin, i64 end) {
        for (i64 j = begin; j < end; ++j) {
            float largest = -INFINITY;
            const float* score_row = score + j * (pos + s);
            #pragma omp simd reduction(lum::greatest : largest)
            for (i64 k = 0; k < pos + s; ++k) {
                largest = lum::max(largest, score_row[k]);
            }
            float sum = 0.0f;
            float* weight_of_row = weight_of + j * (pos + s);
            #pragma omp simd reduction(+ : sum)
            for (i64 k = 0; k < pos + s; ++k) {
                const float e = lum::exp(score_row[k] - largest);
                weight_of_row[k] = e;
                sum += e;
            }
            #pragma omp simd
            for (i64 k = 0; k < pos + s; ++k) {
                weight_of_row[k] = weight_of_row[k] / sum;
            }
        }
    });
}

}  // namespace kernels
