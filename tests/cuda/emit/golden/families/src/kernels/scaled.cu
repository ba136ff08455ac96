// output scaled[t, i in 0..4] = x[t, i] * [1.0, 0.5, 0.25, 0.125][i]
// model.lum:24, scaled.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__device__ const float table[] = {
    1.0f, 0.5f, 0.25f, 0.125f,
};

__global__ void __launch_bounds__(256) scaled(const float* x,  // [s, 3000]
                                              float* scaled,   // [s, 4]
                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s; chunk += lum::global_threads()) {
        const int t = chunk / 1;
        const int i = chunk % 1 * 4;
        const auto x_vector = lum::load_vector<float, 4>(x + t * 3000 + i);
        lum::Vector<float, 4> scaled_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            scaled_out.element[v] = x_vector.element[v] * table[i + v];
        }
        lum::store_vector(scaled + t * 4 + i, scaled_out);
    }
}

}  // namespace kernels
