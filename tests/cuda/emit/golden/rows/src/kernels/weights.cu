// output weights = softmax(wide)
// model.lum:16, weights. What several loops need of a row stays in shared memory.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(512) weights(const float* wide,  // [s, 20000]
                                               float* weights,     // [s, 20000]
                                               const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    float* const wide_staged = lum::shared<float>(256);
    for (int i = lum::block(); i < s; i += lum::grid()) {  // a block each
        float largest = -INFINITY;
        for (int j = lum::thread() * 4; j < 20000; j += lum::threads() * 4) {
            const auto wide_vector = lum::load_vector<float, 4>(wide + i * 20000 + j);
            lum::Vector<float, 4> wide_staged_out;
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float wide_here = wide_vector.element[v];
                wide_staged_out.element[v] = wide_here;
                largest = lum::max(largest, wide_here);
            }
            lum::store_vector(wide_staged + j, wide_staged_out);
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        float sum = 0.0f;
        for (int j = lum::thread() * 4; j < 20000; j += lum::threads() * 4) {
            const auto wide_staged_vector = lum::load_vector<float, 4>(wide_staged + j);
            lum::Vector<float, 4> wide_staged_out;
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float e = lum::exp(wide_staged_vector.element[v] - largest);
                wide_staged_out.element[v] = e;
                sum += e;
            }
            lum::store_vector(wide_staged + j, wide_staged_out);
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        for (int j = lum::thread() * 4; j < 20000; j += lum::threads() * 4) {
            const auto wide_staged_vector = lum::load_vector<float, 4>(wide_staged + j);
            lum::Vector<float, 4> weights_out;
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                weights_out.element[v] = wide_staged_vector.element[v] / sum;
            }
            lum::store_vector(weights + i * 20000 + j, weights_out);
        }
    }
}

}  // namespace kernels
