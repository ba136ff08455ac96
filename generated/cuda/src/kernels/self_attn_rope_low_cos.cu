// x[t, h, i] * cos(angle[t, i]) - x[t, h, i + half] * sin(angle[t, i])
// nn.lum:120.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_rope_low_cos(const float* freq,  // [64]
                                                              float* low_cos,     // [s, 64]
                                                              const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (i64 item = lum::global_thread(); item < s * 64; item += lum::global_threads()) {
        const i64 i = item / 64;
        const i64 j = item % 64;
        const float value = static_cast<float>(static_cast<lum::i32>(i + pos));
        low_cos[i * 64 + j] = lum::cos(value * freq[j]);
    }
}

}  // namespace kernels
