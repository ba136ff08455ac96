// output y = softmax(normed)
// model.lum:8, y.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) y(const float* x,  // [n, 24]
                                         const float* w,  // [24]
                                         const float* b,  // [24]
                                         float* y,        // [n, 24]
                                         const Dims* dims) {
    const int n = static_cast<int>(dims->n);
    for (int i = lum::global_warp(); i < n; i += lum::global_warps()) {  // a warp each
        lum::Vector<float, 4> x_row;
        lum::Vector<float, 4> w_row;
        lum::Vector<float, 4> b_row;
        lum::Vector<float, 4> y_row;
        float sum = 0.0f;
        if (const int j = lum::lane() * 4; j < 24) {
            x_row = lum::load_vector<float, 4>(x + i * 24 + j);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                sum += x_row.element[v];
            }
        }
        sum = lum::warp_reduce<lum::Sum>(sum);
        float sum_2 = 0.0f;
        const float mean = sum / 24.0f;
        if (const int j = lum::lane() * 4; j < 24) {
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float centred = x_row.element[v] - mean;
                sum_2 += centred * centred;
            }
        }
        sum_2 = lum::warp_reduce<lum::Sum>(sum_2);
        float largest = -INFINITY;
        const float scale = 1.0f / lum::sqrt(sum_2 / 24.0f + 0.00001f);
        if (const int j = lum::lane() * 4; j < 24) {
            w_row = lum::load_vector<float, 4>(w + j);
            b_row = lum::load_vector<float, 4>(b + j);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                largest = lum::max(largest, (x_row.element[v] - mean) * scale * w_row.element[v] +
                    b_row.element[v]);
            }
        }
        largest = lum::warp_reduce<lum::Max>(largest);
        float sum_3 = 0.0f;
        if (const int j = lum::lane() * 4; j < 24) {
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float e = lum::exp((x_row.element[v] - mean) * scale * w_row.element[v] +
                    b_row.element[v] - largest);
                y_row.element[v] = e;
                sum_3 += e;
            }
        }
        sum_3 = lum::warp_reduce<lum::Sum>(sum_3);
        if (const int j = lum::lane() * 4; j < 24) {
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                y_row.element[v] = y_row.element[v] / sum_3;
            }
            lum::store_vector(y + i * 24 + j, y_row);
        }
    }
}

}  // namespace kernels
