// x[t, h, i] * cos(angle[t, i]) - x[t, h, i + half] * sin(angle[t, i])
// nn.lum:120.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_rope_low_cos_s1(float* low_cos,  // [1, 64]
                                                                 const Dims* dims) {
    const int pos = static_cast<int>(dims->pos);
    const float value = static_cast<float>(pos);
    for (int chunk = lum::global_thread(); chunk < 16; chunk += lum::global_threads()) {
        const int j = chunk * 4;
        lum::Vector<float, 4> low_cos_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            low_cos_out.element[v] = lum::cos(value * lum::exp(static_cast<float>(j + v) * -0.20503692f));
        }
        lum::store_vector(low_cos + j, low_cos_out);
    }
}

}  // namespace kernels
