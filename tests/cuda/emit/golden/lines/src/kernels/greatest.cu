// output greatest[h, i] = argmax(t) q[t, h, i]
// model.lum:12, greatest.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/picks.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) greatest(const lum::bf16* depths,  // [8, 64, s]
                                                lum::i32* greatest,       // [8, 64]
                                                const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int i = lum::global_warp(); i < 512; i += lum::global_warps()) {  // a warp each
        float best = -INFINITY;
        lum::i32 position = 0;
        for (int k = lum::lane(); k < s; k += lum::kWarp) {
            const float depths_2 = lum::to_float(depths[i * s + k]);
            if (lum::ranks_above(depths_2, best)) {
                best = depths_2;
                position = k;
            }
        }
        lum::warp_pick<lum::RanksAbove>(best, position);
        if (lum::lane() == 0) greatest[i] = position;
    }
}

}  // namespace kernels
