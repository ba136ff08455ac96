// output sums[i] = max(t, u in 0..40) (x[t, i] + y[u, t])
// model.lum:13, sums. In parts of 224 elements, a block for 32 columns of each. Lanes of a warp have neighbouring
// columns, and the warps of a block share the rows.
#include "kernels.h"
#include "runtime/columns.cuh"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) sums_parts(const float* x,        // [s, 300]
                                                  const lum::bf16* y,    // [300, s]
                                                  float* largest_parts,  // [rows, 92 parts]
                                                  const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int group = lum::block(); group < 920; group += lum::grid()) {  // 32 columns each
        const int part = group % 92;
        const int i_lane = group / 92 * 32 + lum::lane();
        const bool is_column = i_lane < 300;
        const int i = is_column ? i_lane : 299;
        float largest = -INFINITY;
#pragma unroll 4
        for (int place = lum::warp(); place < lum::min<int>(s * 40 - part * 224, 224); place += 8) {
            const int k0 = (part * 224 + place) / 40;
            const int k1 = (part * 224 + place) % 40;
            const float x_value = x[k0 * 300 + i];
            largest = lum::max(largest, x_value + lum::to_float(y[k1 * s + k0]));
        }
        largest = lum::columns_reduce<lum::Max, 8>(largest, lum::shared<float>(0));
        if (is_column && lum::warp() == 0) largest_parts[i * 92 + part] = largest;
    }
}

}  // namespace kernels
