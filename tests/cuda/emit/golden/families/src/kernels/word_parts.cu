// logit, word = top_k(logits, 40)
// model.lum:20, word. In parts of 4096 elements, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/top_k.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) word_parts(const float* logits,  // [50257]
                                                  lum::i32* places) {   // [13 parts, 40]
    for (int part = lum::block(); part < 13; part += lum::grid()) {  // a block each
        lum::top_k<int>(lum::min<int>(4096, 50257 - part * 4096), lum::min<int>(40, 50257 - part * 4096),
            places + part * 40, lum::shared<lum::TopKRoom<float>>(0),
            [=](int place) -> float {
                return logits[part * 4096 + place];
            },
            [=](int place) { return part * 4096 + place; });
    }
}

}  // namespace kernels
