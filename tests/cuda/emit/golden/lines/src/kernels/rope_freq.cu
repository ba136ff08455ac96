// freq[i in 0..half] = exp(i * (-2.0 * log(theta) / head_dim))
// nn.lum:117, rope.freq.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) rope_freq(float* freq) {  // [32]
    for (int chunk = lum::global_thread(); chunk < 8; chunk += lum::global_threads()) {
        const int i = chunk * 4;
        lum::Vector<float, 4> freq_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            freq_out.element[v] = lum::exp(static_cast<float>(i + v) * -0.28782314f);
        }
        lum::store_vector(freq + i, freq_out);
    }
}

}  // namespace kernels
