// output totals[i] = sum(t) x[t, i]
// model.lum:14, totals. In parts of 64 elements, a block for 32 columns of each. Lanes of a warp have neighbouring
// columns, and the warps of a block share the rows.
#include "kernels.h"
#include "runtime/columns.cuh"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) totals_parts(const float* x,    // [s, 300]
                                                    float* sum_parts,  // [rows, 8 parts]
                                                    const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int group = lum::block(); group < 80; group += lum::grid()) {  // 32 columns each
        const int part = group % 8;
        const int i_lane = group / 8 * 32 + lum::lane();
        const bool is_column = i_lane < 300;
        const int i = is_column ? i_lane : 299;
        float sum = 0.0f;
#pragma unroll 4
        for (int place = lum::warp(); place < lum::min<int>(s - part * 64, 64); place += 8) {
            sum += x[part * 19200 + place * 300 + i];
        }
        sum = lum::columns_reduce<lum::Sum, 8>(sum, lum::shared<float>(0));
        if (is_column && lum::warp() == 0) sum_parts[i * 8 + part] = sum;
    }
}

}  // namespace kernels
