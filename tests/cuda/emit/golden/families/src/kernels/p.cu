// output p = softmax(score)
// model.lum:15, p.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) p(const lum::f16* score,  // [s, pos + s]
                                         lum::f16* p,            // [s, pos + s]
                                         const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (int i = lum::global_warp(); i < s; i += lum::global_warps()) {  // a warp each
        float largest = -INFINITY;
        const lum::f16* score_row = score + i * (pos + s);
        for (int j = lum::lane(); j < pos + s; j += lum::kWarp) {
            largest = lum::max(largest, lum::to_float(score_row[j]));
        }
        largest = lum::warp_reduce<lum::Max>(largest);
        float sum = 0.0f;
        for (int j = lum::lane(); j < pos + s; j += lum::kWarp) {
            sum += lum::exp(lum::to_float(score_row[j]) - largest);
        }
        sum = lum::warp_reduce<lum::Sum>(sum);
        lum::f16* p_row = p + i * (pos + s);
        for (int j = lum::lane(); j < pos + s; j += lum::kWarp) {
            p_row[j] = lum::from_float<lum::f16>(lum::exp(lum::to_float(score_row[j]) - largest) / sum);
        }
    }
}

}  // namespace kernels
