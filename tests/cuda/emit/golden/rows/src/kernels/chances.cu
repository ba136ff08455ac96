// output chances = softmax(logits)
// model.lum:14, chances. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) chances(const float* logits,         // [1, 128256]
                                               const float* largest_parts,  // [63]
                                               const float* sum_parts,      // [63]
                                               float* chances) {            // [1, 128256]
    for (int part = lum::block(); part < 63; part += lum::grid()) {  // a block each
        float largest = -INFINITY;
        float sum = 0.0f;
        for (int other = lum::thread(); other < 63; other += lum::threads()) {
            largest = lum::max(largest, largest_parts[other]);
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        for (int other = lum::thread(); other < 63; other += lum::threads()) {
            sum += sum_parts[other] * lum::exp(largest_parts[other] - largest);
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        for (int place = lum::thread() * 4; place <
            lum::min<int>(128256 - part * 2048, 2048); place += lum::threads() * 4) {
            const auto logits_vector = lum::load_vector<float, 4>(logits + part * 2048 + place);
            lum::Vector<float, 4> chances_out;
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                chances_out.element[v] = lum::exp(logits_vector.element[v] - largest) / sum;
            }
            lum::store_vector(chances + part * 2048 + place, chances_out);
        }
    }
}

}  // namespace kernels
