// logit, word = top_k(logits, 40)
// model.lum:20, logit.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) logit(const lum::i32* word_of_best,  // [40]
                                             const float* logits,           // [50257]
                                             float* best,                   // [40]
                                             lum::IndexCheck* check) {
    for (int chunk = lum::global_thread(); chunk < 10; chunk += lum::global_threads()) {
        const int i = chunk * 4;
        const auto word_of_best_vector = lum::load_vector<lum::i32, 4>(word_of_best + i);
        lum::Vector<float, 4> best_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            const int word = check->inside(static_cast<i64>(word_of_best_vector.element[v]), 50257,
                /*logit, word = top_k(logits, 40), axis 0*/ 2);
            best_out.element[v] = logits[word];
        }
        lum::store_vector(best + i, best_out);
    }
}

}  // namespace kernels
