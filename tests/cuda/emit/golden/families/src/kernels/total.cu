// output total = sum(x)
// model.lum:20, total. Folds the pieces in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) total(const float* pieces,  // [15]
                                             float* total) {       // []
    float total_ = 0.0f;
    for (i64 part = lum::lane(); part < 15; part += lum::kWarp) {
        total_ += pieces[part];
    }
    total_ = lum::warp_reduce<lum::Sum>(total_);
    if (lum::lane() == 0) total[0] = total_;
}

}  // namespace kernels
