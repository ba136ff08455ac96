// output y = softmax(normed)
// model.lum:8, y.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) y(const float* x,  // [n, 24]
                                         const float* w,  // [24]
                                         const float* b,  // [24]
                                         float* y,        // [n, 24]
                                         const Dims* dims) {
    const i64 n = dims->n;
    for (i64 i = lum::global_warp(); i < n; i += lum::global_warps()) {  // a warp each
        float sum = 0.0f;
        for (i64 j = lum::lane(); j < 24; j += lum::kWarp) {
            sum += x[i * 24 + j];
        }
        sum = lum::warp_reduce<lum::Sum>(sum);
        float sum_ = 0.0f;
        const float mean = sum / 24.0f;
        for (i64 j = lum::lane(); j < 24; j += lum::kWarp) {
            const float centred = x[i * 24 + j] - mean;
            sum_ += centred * centred;
        }
        sum_ = lum::warp_reduce<lum::Sum>(sum_);
        float largest = -INFINITY;
        const float scale = 1.0f / lum::sqrt(sum_ / 24.0f + 0.00001f);
        for (i64 j = lum::lane(); j < 24; j += lum::kWarp) {
            largest = lum::max(largest, (x[i * 24 + j] - mean) * scale * w[j] + b[j]);
        }
        largest = lum::warp_reduce<lum::Max>(largest);
        float sum_2 = 0.0f;
        for (i64 j = lum::lane(); j < 24; j += lum::kWarp) {
            const float e = lum::exp((x[i * 24 + j] - mean) * scale * w[j] + b[j] - largest);
            y[i * 24 + j] = e;
            sum_2 += e;
        }
        sum_2 = lum::warp_reduce<lum::Sum>(sum_2);
        for (i64 j = lum::lane(); j < 24; j += lum::kWarp) {
            y[i * 24 + j] = y[i * 24 + j] / sum_2;
        }
    }
}

}  // namespace kernels
