// freq[i in 0..half] = exp(i * (-2.0 * log(theta) / head_dim))
// nn.lum:117, self_attn.rope.freq.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) self_attn_rope_freq(float* freq) {  // [64]
    for (i64 i = lum::global_thread(); i < 64; i += lum::global_threads()) {
        freq[i] = lum::exp(static_cast<float>(static_cast<lum::i32>(i)) * -0.20503692f);
    }
}

}  // namespace kernels
