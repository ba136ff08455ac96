// return (xf * scale * w) as T
// nn.lum:54.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) mlp_g_part(const lum::bf16* h,         // [s, 4096]
                                                  const lum::bf16* mlp_norm,  // [4096]
                                                  float* g_part,              // [s, 4096]
                                                  const Dims* dims) {
    const i64 s = dims->s;
    for (i64 i = lum::block(); i < s; i += lum::grid()) {  // a block each
        float sum = 0.0f;
        for (i64 j = lum::thread(); j < 4096; j += lum::threads()) {
            const float xf = lum::to_float(h[i * 4096 + j]);
            sum += xf * xf;
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        const float scale = 1.0f / lum::sqrt(sum / 4096.0f + 0.00001f);
        for (i64 j = lum::thread(); j < 4096; j += lum::threads()) {
            g_part[i * 4096 + j] = lum::to_float(h[i * 4096 + j]) * scale * lum::to_float(mlp_norm[j]);
        }
    }
}

}  // namespace kernels
