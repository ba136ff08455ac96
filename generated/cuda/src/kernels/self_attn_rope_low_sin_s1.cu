// x[t, h, i] * cos(angle[t, i]) - x[t, h, i + half] * sin(angle[t, i])
// nn.lum:120.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_rope_low_sin_s1(float* low_sin,  // [1, 64]
                                                                 const Dims* dims) {
    const i64 pos = dims->pos;
    const float value = static_cast<float>(static_cast<lum::i32>(pos));
    for (i64 j = lum::global_thread(); j < 64; j += lum::global_threads()) {
        low_sin[j] = lum::sin(value * lum::exp(static_cast<float>(static_cast<lum::i32>(j)) * -0.20503692f));
    }
}

}  // namespace kernels
