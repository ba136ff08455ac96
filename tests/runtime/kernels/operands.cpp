// What factors computed as they are read write into panels, against the same factor read where it lies.
#include <vector>

#include "gemm_operands.h"
#include "report.h"

using namespace lum;

namespace {

constexpr float kUntouched = -7.5f;

// Panels of a factor with `outer` rows of `K` elements, for all widths and places of a few sizes.
template <int Width, class Computed>
void check_width(Subject& subject, const Computed& computed, const std::vector<float>& wanted, i64 outer, i64 K) {
    Random random;
    for (int round = 0; round < 200; ++round) {
        const i64 o = random.below(outer), count = random.between(1, Width < outer - o ? Width : outer - o);
        const i64 k = random.below(K), depth = random.between(1, K - k);
        std::vector<float> panel(static_cast<size_t>(depth * Width + kPanelSlack), kUntouched);
        computed.template pack<Width>(o, count, k, depth, panel.data());
        for (i64 kk = 0; kk < depth; ++kk)
            for (i64 j = 0; j < Width; ++j) {
                const float expected = j < count ? wanted[static_cast<size_t>((o + j) * K + k + kk)] : 0.0f;
                const float got = panel[static_cast<size_t>(kk * Width + j)];
                subject.expect(got == expected, "width %d, row %ld + %ld, %ld + %ld: %g, not %g", Width, static_cast<long>(o),
                               static_cast<long>(j), static_cast<long>(k), static_cast<long>(kk), static_cast<double>(got),
                               static_cast<double>(expected));
            }
    }
}

template <class Computed>
void check(const char* name, const Computed& computed, const std::vector<float>& wanted, i64 outer, i64 K) {
    Subject subject(name);
    check_width<4>(subject, computed, wanted, outer, K);
    check_width<kTileRows>(subject, computed, wanted, outer, K);
    check_width<kTileCols>(subject, computed, wanted, outer, K);
}

}  // namespace

int main() {
    constexpr i64 outer = 75, K = 203;
    std::vector<float> lying(outer * K), across(outer * K), wanted(outer * K), scale(K);
    for (i64 k = 0; k < K; ++k) scale[static_cast<size_t>(k)] = 0.25f * static_cast<float>(k % 17);
    for (i64 o = 0; o < outer; ++o)
        for (i64 k = 0; k < K; ++k) {
            const float x = static_cast<float>((o * 131 + k * 37) % 101) - 50.0f;
            lying[static_cast<size_t>(o * K + k)] = x;
            across[static_cast<size_t>(k * outer + o)] = x;
            wanted[static_cast<size_t>(o * K + k)] = (x > 0.0f ? x : 0.0f) * scale[static_cast<size_t>(k)];
        }
    const float *x = lying.data(), *t = across.data(), *g = scale.data();
    const auto relu = [](float value) { return value > 0.0f ? value : 0.0f; };
    check("computed along the depth", Lambda{[=](i64 o, i64 k) { return relu(x[o * K + k]) * g[k]; }}, wanted, outer, K);
    check("computed across", LambdaAcross{[=](i64 o, i64 k) { return relu(t[k * outer + o]) * g[k]; }}, wanted, outer, K);
}
