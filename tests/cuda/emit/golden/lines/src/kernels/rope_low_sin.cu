// x[t, h, i] * cos(angle[t, i]) - x[t, h, i + half] * sin(angle[t, i])
// nn.lum:120.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) rope_low_sin(const float* freq,  // [32]
                                                    float* low_sin,     // [s, 32]
                                                    const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 8; chunk += lum::global_threads()) {
        const int i = chunk / 8;
        const int j = chunk % 8 * 4;
        const float value = static_cast<float>(i);
        const auto freq_vector = lum::load_vector<float, 4>(freq + j);
        lum::Vector<float, 4> low_sin_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            low_sin_out.element[v] = lum::sin(value * freq_vector.element[v]);
        }
        lum::store_vector(low_sin + i * 32 + j, low_sin_out);
    }
}

}  // namespace kernels
