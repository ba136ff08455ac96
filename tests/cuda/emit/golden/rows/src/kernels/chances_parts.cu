// output chances = softmax(logits)
// model.lum:14, chances. In parts of 2048 elements, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) chances_parts(const float* logits,   // [1, 128256]
                                                     float* largest_parts,  // [63]
                                                     float* sum_parts) {    // [63]
    for (int part = lum::block(); part < 63; part += lum::grid()) {  // a block each
        lum::Vector<float, 4> logits_row[2];
        float largest = -INFINITY;
        float sum = 0.0f;
#pragma unroll
        for (int turn = 0; turn < 2; ++turn) {
            const int place = (turn * 256 + lum::thread()) * 4;
            if (place >= lum::min<int>(128256 - part * 2048, 2048)) continue;
            logits_row[turn] = lum::load_vector<float, 4>(logits + part * 2048 + place);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                largest = lum::max(largest, logits_row[turn].element[v]);
            }
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        const float largest_or_0 = largest == -INFINITY ? 0.0f : largest;
#pragma unroll
        for (int turn = 0; turn < 2; ++turn) {
            const int place = (turn * 256 + lum::thread()) * 4;
            if (place >= lum::min<int>(128256 - part * 2048, 2048)) continue;
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                sum += lum::exp(logits_row[turn].element[v] - largest_or_0);
            }
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        if (lum::thread() == 0) {
            largest_parts[part] = largest;
            sum_parts[part] = sum;
        }
    }
}

}  // namespace kernels
