// output scores = log_softmax(longer)
// model.lum:17, scores. In parts of 15360 elements, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) scores_parts(const lum::f16* longer,  // [s, 60000]
                                                    float* largest_parts,    // [rows, 4 parts]
                                                    float* sum_parts,        // [rows, 4 parts]
                                                    const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int row = lum::block(); row < s * 4; row += lum::grid()) {  // a block each
        const int i = row / 4;
        const int part = row % 4;
        lum::Vector<lum::f16, 8> longer_row[8];
        float largest = -INFINITY;
        float sum = 0.0f;
#pragma unroll
        for (int turn = 0; turn < 8; ++turn) {
            const int place = (turn * 256 + lum::thread()) * 8;
            if (place >= lum::min<int>(15360, 60000 - part * 15360)) continue;
            longer_row[turn] = lum::load_vector<lum::f16, 8>(longer + i * 60000 + part * 15360 + place);
#pragma unroll
            for (int v = 0; v < 8; ++v) {
                largest = lum::max(largest, lum::to_float(longer_row[turn].element[v]));
            }
        }
        largest = lum::block_reduce<lum::Max>(largest, lum::shared<float>(0));
        const float largest_or_0 = largest == -INFINITY ? 0.0f : largest;
#pragma unroll
        for (int turn = 0; turn < 8; ++turn) {
            const int place = (turn * 256 + lum::thread()) * 8;
            if (place >= lum::min<int>(15360, 60000 - part * 15360)) continue;
#pragma unroll
            for (int v = 0; v < 8; ++v) {
                sum += lum::exp(lum::to_float(longer_row[turn].element[v]) - largest_or_0);
            }
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        if (lum::thread() == 0) {
            largest_parts[i * 4 + part] = largest;
            sum_parts[i * 4 + part] = sum;
        }
    }
}

}  // namespace kernels
