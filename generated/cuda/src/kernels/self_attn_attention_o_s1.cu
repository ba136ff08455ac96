// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, self_attn.attention.o. Puts together what the parts of the keys have summed.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_attention_o_s1(const float* sums,   // [33 parts of the keys, rows, columns]
                                                                const float* stats,  // [33 parts of the keys, rows]: greatest score and total
                                                                lum::bf16* o) {      // [1, 32, 128]
    for (int item = lum::global_thread(); item < 4096; item += lum::global_threads()) {
        const int h = item / 128;
        const int c = item % 128;
        float greatest = -INFINITY;
        for (int part = 0; part < 33; ++part) {
            greatest = lum::max(greatest, stats[part * 64 + h * 2]);
        }
        float weighted = 0.0f;
        float total = 0.0f;
        for (int part = 0; part < 33; ++part) {
            const float scale = greatest != -INFINITY ? lum::exp(stats[part * 64 + h * 2] - greatest) : 0.0f;
            weighted += sums[part * 4096 + h * 128 + c] * scale;
            total += stats[part * 64 + h * 2 + 1] * scale;
        }
        o[h * 128 + c] = lum::from_float<lum::bf16>(weighted / total);
    }
}

}  // namespace kernels
