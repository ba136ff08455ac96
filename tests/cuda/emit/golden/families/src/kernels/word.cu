// logit, word = top_k(logits, 40)
// model.lum:20, word. Among what the parts have found.
#include "kernels.h"
#include "runtime/top_k.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) word(const float* logits,       // [50257]
                                            const lum::i32* places,    // [13 parts, 40]
                                            lum::i32* word_of_best) {  // [40]
    lum::top_k<int>(520, 40, word_of_best, lum::shared<lum::TopKRoom<float>>(0),
        [=](int found) -> float {
            const int candidate = places[found];
            return logits[candidate];
        },
        [=](int found) { return places[found]; });
}

}  // namespace kernels
