// x = rms_norm(h, g)
// model.lum:13, x.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) x(const float* e,  // [s, 16]
                                         const float* g,  // [16]
                                         float* x,        // [s, 16]
                                         const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int i = lum::global_thread(); i < s; i += lum::global_threads()) {
        float sum = 0.0f;
        for (int j = 0; j < 16; ++j) {
            const float e_value = e[i * 16 + j];
            sum += e_value * e_value;
        }
        const float scale = 1.0f / lum::sqrt(sum / 16.0f + 0.000001f);
        for (int j = 0; j < 16; ++j) {
            x[i * 16 + j] = e[i * 16 + j] * scale * g[j];
        }
    }
}

}  // namespace kernels
