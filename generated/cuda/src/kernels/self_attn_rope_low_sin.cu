// x[t, h, i] * cos(angle[t, i]) - x[t, h, i + half] * sin(angle[t, i])
// nn.lum:120.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_rope_low_sin(const float* freq,  // [64]
                                                              float* low_sin,     // [s, 64]
                                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (int chunk = lum::global_thread(); chunk < s * 16; chunk += lum::global_threads()) {
        const int i = chunk / 16;
        const int j = chunk % 16 * 4;
        const float value = static_cast<float>(i + pos);
        const auto freq_vector = lum::load_vector<float, 4>(freq + j);
        lum::Vector<float, 4> low_sin_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            low_sin_out.element[v] = lum::sin(value * freq_vector.element[v]);
        }
        lum::store_vector(low_sin + i * 64 + j, low_sin_out);
    }
}

}  // namespace kernels
