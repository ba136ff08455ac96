// z = rms_norm(last, norm, eps)
// llama.lum:68, z.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) z(const lum::bf16* h,     // [s, 4096]
                                         const lum::bf16* norm,  // [4096]
                                         lum::bf16* z,           // [4096]
                                         const Dims* dims) {
    const i64 s = dims->s;
    float sum = 0.0f;
    for (i64 i = lum::thread(); i < 4096; i += lum::threads()) {
        const float xf = lum::to_float(h[i + s * 4096 - 4096]);
        sum += xf * xf;
    }
    sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
    const float scale = 1.0f / lum::sqrt(sum / 4096.0f + 0.00001f);
    for (i64 i = lum::thread(); i < 4096; i += lum::threads()) {
        z[i] = lum::from_float<lum::bf16>(lum::to_float(h[i + s * 4096 - 4096]) * scale *
            lum::to_float(norm[i]));
    }
}

}  // namespace kernels
