// Winograd's filtering against the definition of a convolution. The numbers are small integers, for which tiles of 2x2 are
// exact; those of 4x4 round.
#include <cmath>
#include <vector>

#include "report.h"
#include "winograd.h"

using namespace lum;

namespace {

Random random_numbers;

struct Convolution {
    i64 images, filters, channels, height, width, pad_top, pad_bottom, pad_left, pad_right;
    i64 out_height() const { return height + pad_top + pad_bottom - 2; }
    i64 out_width() const { return width + pad_left + pad_right - 2; }
};

Convolution random_convolution(int round) {
    const auto any = [](i64 low, i64 high) { return static_cast<i64>(random_numbers.between(low, high)); };
    Convolution c{};
    c.images = any(1, 3);
    c.filters = any(1, round % 4 == 0 ? 130 : 20);
    c.channels = any(1, round % 7 == 0 ? 70 : 9);
    c.pad_top = any(0, 2);
    c.pad_bottom = any(0, 2);
    c.pad_left = any(0, 2);
    c.pad_right = any(0, 2);
    c.height = 3 + any(0, 12);
    c.width = 3 + any(0, round % 2 ? 70 : 8);
    return c;
}

template <class T>
float expected_at(const Convolution& c, const T* image, const float* weights, i64 f, i64 oh, i64 ow) {
    float sum = 0.0f;
    for (i64 channel = 0; channel < c.channels; ++channel)
        for (i64 r = 0; r < 3; ++r)
            for (i64 s = 0; s < 3; ++s) {
                const i64 ih = oh - c.pad_top + r, iw = ow - c.pad_left + s;
                if (ih < 0 || ih >= c.height || iw < 0 || iw >= c.width) continue;
                sum += weights[((f * c.channels + channel) * 3 + r) * 3 + s] *
                       to_float(image[(channel * c.height + ih) * c.width + iw]);
            }
    return sum;
}

template <int Side, class T>
void check_convolutions(const char* name, int rounds) {
    Subject subject(name);
    for (int round = 0; round < rounds; ++round) {
        const Convolution c = random_convolution(round);
        const i64 image_size = c.channels * c.height * c.width, N = c.out_height() * c.out_width();
        std::vector<T> images;
        for (i64 i = 0; i < c.images * image_size; ++i)
            images.push_back(from_float<T>(static_cast<float>(random_numbers.between(-3, 3))));
        std::vector<float> weights(size_t(c.filters * c.channels * 9));
        for (float& x : weights) x = static_cast<float>(random_numbers.between(-3, 3));
        const WinogradFilters<Side> transform{c.filters, c.channels};
        std::vector<float> filters(size_t(transform.elements()));
        transform(weights.data(), filters.data());

        const auto patches_of = [&](i64 i) {
            return Patches<T>{images.data() + i * image_size, c.height,      c.width, 3, 3, 1, 1, 1, 1, c.pad_top, c.pad_left,
                              c.out_width(),                  c.height * c.width};
        };
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        std::vector<float> result(size_t(c.images * c.filters * N), -1e30f);
        float* out = result.data();
        const i64 rows = c.filters;
        if (c.images == 1)
            winograd<Side>(rows, N, c.channels * 9, filters.data(), patches_of(0), workspace.data(),
                     [=](i64 f, i64 p, float sum) { out[f * N + p] = sum; });
        else
            winograd_batched<Side>(c.images, rows, N, c.channels * 9, filters.data(), patches_of, workspace.data(),
                             [=](i64 i, i64 f, i64 p, float sum) { out[(i * rows + f) * N + p] = sum; });
        for (i64 i = 0; i < c.images; ++i)
            for (i64 f = 0; f < c.filters; ++f)
                for (i64 p = 0; p < N; ++p) {
                    const float want = expected_at(c, images.data() + i * image_size, weights.data(), f, p / c.out_width(),
                                                   p % c.out_width());
                    const float got = result[size_t((i * c.filters + f) * N + p)];
                    const double allowed = Side == 2 ? 0 : 3e-5 * double(c.channels + 9);
                    subject.expect(std::abs(double(got) - double(want)) <= allowed, "round %d image %ld filter %ld position %ld: %g, not %g", round, long(i),
                                   long(f), long(p), double(got), double(want));
                }
    }
}

}  // namespace

int main(int argc, char** argv) {
    set_threads(3);
    const int rounds = has_flag(argc, argv, "--reduced") ? 20 : 150;
    check_convolutions<2, float>("winograd 2x2 f32", rounds);
    check_convolutions<2, bf16>("winograd 2x2 bf16", rounds / 2);
    check_convolutions<4, float>("winograd 4x4 f32", rounds);
    check_convolutions<4, bf16>("winograd 4x4 bf16", rounds / 2);
}
