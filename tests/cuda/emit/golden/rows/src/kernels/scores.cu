// output scores = log_softmax(longer)
// model.lum:17, scores. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) scores(const lum::f16* longer,      // [s, 60000]
                                              const float* largest_parts,  // [rows, 4 parts]
                                              const float* sum_parts,      // [rows, 4 parts]
                                              lum::f16* scores,            // [s, 60000]
                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int row = lum::block(); row < s * 4; row += lum::grid()) {  // a block each
        const int i = row / 4;
        const int part = row % 4;
        float largest = -INFINITY;
        float sum = 0.0f;
        for (int other = lum::thread(); other < 4; other += lum::threads()) {
            largest = lum::max(largest, largest_parts[i * 4 + other]);
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        for (int other = lum::thread(); other < 4; other += lum::threads()) {
            sum += sum_parts[i * 4 + other] * lum::exp(largest_parts[i * 4 + other] - largest);
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        const float log_value = lum::log(sum);
        for (int place = lum::thread() * 8; place <
            lum::min<int>(15360, 60000 - part * 15360); place += lum::threads() * 8) {
            const auto longer_vector = lum::load_vector<lum::f16,
                8>(longer + i * 60000 + part * 15360 + place);
            lum::Vector<lum::f16, 8> scores_out;
#pragma unroll
            for (int v = 0; v < 8; ++v) {
                scores_out.element[v] = lum::from_float<lum::f16>(lum::to_float(longer_vector.element[v]) -
                    largest - log_value);
            }
            lum::store_vector(scores + i * 60000 + part * 15360 + place, scores_out);
        }
    }
}

}  // namespace kernels
