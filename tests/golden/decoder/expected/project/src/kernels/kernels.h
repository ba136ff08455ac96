// The kernels of Decoder, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.h"
#include "runtime/types.h"

namespace kernels {

void embedding_e(const lum::i32* tokens, const float* embed, float* e, lum::IndexCheck* check, lum::i64 s);
void x(const float* e, const float* g, float* x, lum::i64 s);
void q(const float* x, const float* wq, float* q, void* workspace, lum::i64 s);
void update_k(const float* x, const float* wk, float* k, void* workspace, lum::i64 s, lum::i64 l, lum::i64 pos);
void attention_score(const float* q, const float* k, float* score, void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l);
void attention_weight_of(const float* score, float* weight_of, lum::i64 s, lum::i64 pos);
void attention_o(const float* weight_of, const float* v, float* o, void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l);
void h(const float* o, const float* wo, float* e, void* workspace, lum::i64 s);
void logits(const float* e, const float* embed, float* logits, void* workspace, lum::i64 s);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    embedding_e,
    x,
    q,
    update_k,
    attention_score,
    attention_weight_of,
    attention_o,
    h,
    logits,
};
constexpr int kKernelCount = 9;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::embedding_e: return "embedding_e";
        case Kernel::x: return "x";
        case Kernel::q: return "q";
        case Kernel::update_k: return "update_k";
        case Kernel::attention_score: return "attention_score";
        case Kernel::attention_weight_of: return "attention_weight_of";
        case Kernel::attention_o: return "attention_o";
        case Kernel::h: return "h";
        case Kernel::logits: return "logits";
        default: return "";
    }
}
