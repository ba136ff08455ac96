// output scaled[t, i in 0..4] = x[t, i] * [1.0, 0.5, 0.25, 0.125][i]
// model.lum:21, scaled.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__device__ const float table[] = {
    1.0f, 0.5f, 0.25f, 0.125f,
};

__global__ void __launch_bounds__(256) scaled(const float* x,  // [s, 3000]
                                              float* scaled,   // [s, 4]
                                              const Dims* dims) {
    const i64 s = dims->s;
    for (i64 item = lum::global_thread(); item < s * 4; item += lum::global_threads()) {
        const i64 t = item / 4;
        const i64 i = item % 4;
        scaled[t * 4 + i] = x[t * 3000 + i] * table[i];
    }
}

}  // namespace kernels
