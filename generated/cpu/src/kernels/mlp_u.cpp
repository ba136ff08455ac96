// u[t, f] = gelu_tanh(sum(i) x[t, i] * w_up[i, f] + b_up[f])
// gpt.lum:27, mlp.u. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void mlp_u(const float* m,     // [s, 160]
           const float* w_up,  // [160, 640] in panels
           const float* b_up,  // [640]
           float* u,           // [s, 640]
           void* workspace, lum::i64 s) {
    lum::gemm(s, 640, 160,
        lum::Strided<float>{m, 160, 1},
        lum::PackedB<float>{w_up, 160},
        workspace,
        [=](i64 t, i64 f, float sum) {
            const float total = sum + b_up[f];
            u[t * 640 + f] = 0.5f * total * (1.0f +
                lum::tanh(0.7978846f * (total + 0.044715f * (total * total * total))));
        });
}

}  // namespace kernels
