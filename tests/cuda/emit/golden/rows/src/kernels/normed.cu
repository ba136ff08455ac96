// output normed = rms_norm(x, w)
// model.lum:15, normed. What several loops need of a row stays in shared memory.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) normed(const lum::bf16* x,  // [s, n]
                                              const lum::bf16* w,  // [n]
                                              lum::bf16* normed,   // [s, n]
                                              const Dims* dims) {
    const int n = static_cast<int>(dims->n);
    const int s = static_cast<int>(dims->s);
    lum::bf16* const x_staged = lum::shared<lum::bf16>(128);
    const float value = static_cast<float>(n);
    for (int i = lum::block(); i < s; i += lum::grid()) {  // a block each
        float sum = 0.0f;
        for (int j = lum::thread(); j < n; j += lum::threads()) {
            const lum::bf16 x_here = x[i * n + j];
            x_staged[j] = x_here;
            const float xf = lum::to_float(x_here);
            sum += xf * xf;
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        const float scale = 1.0f / lum::sqrt(sum / value + 0.000001f);
        for (int j = lum::thread(); j < n; j += lum::threads()) {
            normed[i * n + j] = lum::from_float<lum::bf16>(lum::to_float(x_staged[j]) * scale *
                lum::to_float(w[j]));
        }
    }
}

}  // namespace kernels
