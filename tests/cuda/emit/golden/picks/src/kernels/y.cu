// output y[t, f] = sum(e) score[t, e] * part[t, e, f]
// model.lum:8, y.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) y(const float* y_part,  // [n, 6, 2]
                                         float* y,             // [n, 6]
                                         const Dims* dims) {
    const int n = static_cast<int>(dims->n);
    for (int i = lum::global_thread(); i < n * 6; i += lum::global_threads()) {
        float sum = 0.0f;
        for (int k = 0; k < 2; ++k) {
            sum += y_part[i * 2 + k];
        }
        y[i] = sum;
    }
}

}  // namespace kernels
