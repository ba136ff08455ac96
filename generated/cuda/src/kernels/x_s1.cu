// x = rms_norm(h, attention_norm, eps)
// llama.lum:62, x.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) x_s1(const lum::bf16* h,               // [1, 4096]
                                            const lum::bf16* attention_norm,  // [4096]
                                            lum::bf16* x) {                   // [1, 4096]
    float sum = 0.0f;
    for (i64 j = lum::thread(); j < 4096; j += lum::threads()) {
        const float xf = lum::to_float(h[j]);
        sum += xf * xf;
    }
    sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
    const float scale = 1.0f / lum::sqrt(sum / 4096.0f + 0.00001f);
    for (i64 j = lum::thread(); j < 4096; j += lum::threads()) {
        x[j] = lum::from_float<lum::bf16>(lum::to_float(h[j]) * scale * lum::to_float(attention_norm[j]));
    }
}

}  // namespace kernels
