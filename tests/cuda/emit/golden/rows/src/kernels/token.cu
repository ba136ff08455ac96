// output token[i] = argmax(j) logits[i, j]
// model.lum:13, token. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/picks.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) token(const float* best_parts,         // [63]
                                             const lum::i32* position_parts,  // [63]
                                             lum::i32* token) {               // [1]
    float best = -INFINITY;
    lum::i32 position = 0;
    for (int other = lum::lane(); other < 63; other += lum::kWarp) {
        const int found = static_cast<i64>(position_parts[other]);
        if (lum::ranks_above(best_parts[other], best)) {
            best = best_parts[other];
            position = found;
        }
    }
    lum::warp_pick<lum::RanksAbove>(best, position);
    if (lum::lane() == 0) token[0] = position;
}

}  // namespace kernels
