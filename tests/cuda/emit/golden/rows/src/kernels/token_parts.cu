// output token[i] = argmax(j) logits[i, j]
// model.lum:13, token. In parts of 2048 elements, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/picks.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) token_parts(const float* logits,         // [1, 128256]
                                                   float* best_parts,           // [63]
                                                   lum::i32* position_parts) {  // [63]
    for (int part = lum::block(); part < 63; part += lum::grid()) {  // a block each
        float best = -INFINITY;
        lum::i32 position = 0;
        for (int place = lum::thread() * 4; place <
            lum::min<int>(128256 - part * 2048, 2048); place += lum::threads() * 4) {
            const auto logits_vector = lum::load_vector<float, 4>(logits + part * 2048 + place);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float logits_value = logits_vector.element[v];
                if (lum::ranks_above(logits_value, best)) {
                    best = logits_value;
                    position = part * 2048 + place + v;
                }
            }
        }
        lum::block_pick<lum::RanksAbove>(best, position, lum::shared<char>(0));
        if (lum::thread() == 0) {
            best_parts[part] = best;
            position_parts[part] = position;
        }
    }
}

}  // namespace kernels
