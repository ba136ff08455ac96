// Patches as an operand, against the definition of a convolution.
#include <vector>

#include "gemm_convolution.h"
#include "report.h"

using namespace lum;

namespace {

Random random_numbers;

struct Convolution {
    i64 filters, channels, height, width, kernel_height, kernel_width, stride_h, stride_w, dilation_h, dilation_w;
    i64 pad_top, pad_bottom, pad_left, pad_right;
    i64 out_height() const { return (height + pad_top + pad_bottom - dilation_h * (kernel_height - 1) - 1) / stride_h + 1; }
    i64 out_width() const { return (width + pad_left + pad_right - dilation_w * (kernel_width - 1) - 1) / stride_w + 1; }
};

Convolution random_convolution(int round) {
    const bool one_dimensional = round % 5 == 0, plain = round % 3 == 0;
    const auto any = [](i64 low, i64 high) { return static_cast<i64>(random_numbers.between(low, high)); };
    Convolution c{};
    c.filters = any(1, 20);
    c.channels = any(1, 9);
    c.kernel_height = one_dimensional ? 1 : any(1, 4);
    c.kernel_width = any(1, 4);
    c.stride_h = plain ? 1 : any(1, 3);
    c.stride_w = plain ? 1 : any(1, 3);
    c.dilation_h = plain ? 1 : any(1, 2);
    c.dilation_w = plain ? 1 : any(1, 2);
    c.pad_top = one_dimensional ? 0 : any(0, 3);
    c.pad_bottom = one_dimensional ? 0 : any(0, 3);
    c.pad_left = any(0, 3);
    c.pad_right = any(0, 3);
    c.height = one_dimensional ? 1 : c.dilation_h * (c.kernel_height - 1) + 1 + any(0, 12);
    c.width = c.dilation_w * (c.kernel_width - 1) + 1 + any(0, round % 2 ? 50 : 8);
    return c;
}

float expected_at(const Convolution& c, const std::vector<float>& image, const std::vector<float>& weights, i64 f, i64 oh,
                  i64 ow) {
    float sum = 0.0f;
    for (i64 channel = 0; channel < c.channels; ++channel)
        for (i64 r = 0; r < c.kernel_height; ++r)
            for (i64 s = 0; s < c.kernel_width; ++s) {
                const i64 ih = oh * c.stride_h - c.pad_top + r * c.dilation_h;
                const i64 iw = ow * c.stride_w - c.pad_left + s * c.dilation_w;
                if (ih < 0 || ih >= c.height || iw < 0 || iw >= c.width) continue;
                const i64 w = ((f * c.channels + channel) * c.kernel_height + r) * c.kernel_width + s;
                sum += weights[size_t(w)] * image[size_t((channel * c.height + ih) * c.width + iw)];
            }
    return sum;
}

// What the random ones are too small for: filters, channels and rows in several blocks, wide rows in pieces, padding
// wider than a vector, more taps and a further reach than are staged.
const Convolution kLargeConvolutions[] = {
    {400, 3, 6, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    {13, 70, 14, 13, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {7, 31, 1, 3000, 1, 5, 1, 1, 1, 1, 0, 0, 2, 2},  {5, 40, 3, 700, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
    {30, 12, 65, 66, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  {6, 2, 5, 4, 3, 3, 1, 2, 1, 1, 9, 9, 11, 20},
    {2, 1, 52, 52, 50, 50, 1, 1, 1, 1, 0, 0, 0, 0},  {2, 1, 1, 80010, 1, 3, 1, 1, 1, 40000, 0, 0, 0, 0},
    {9, 3, 32, 32, 16, 16, 16, 16, 1, 1, 0, 0, 0, 0},
};

template <class T>
void check_convolutions(const char* name, int rounds) {
    Subject subject(name);
    const int large = static_cast<int>(sizeof(kLargeConvolutions) / sizeof(kLargeConvolutions[0]));
    for (int round = 0; round < rounds + large; ++round) {
        const Convolution c = round < rounds ? random_convolution(round) : kLargeConvolutions[round - rounds];
        const i64 K = c.channels * c.kernel_height * c.kernel_width, N = c.out_height() * c.out_width();
        std::vector<float> image(size_t(c.channels * c.height * c.width)), weights(size_t(c.filters * K));
        for (float& x : image) x = static_cast<float>(random_numbers.between(-3, 3));
        for (float& x : weights) x = static_cast<float>(random_numbers.between(-3, 3));
        std::vector<T> stored_image;
        for (float x : image) stored_image.push_back(from_float<T>(x));
        std::vector<float> packed(size_t(packed_elements<PackedA<float>>(c.filters, K)));
        pack_weights<PackedA<float>>(Strided<float>{weights.data(), K, 1}, c.filters, K, packed.data());

        Patches<T> patches{};
        patches.image = stored_image.data();
        patches.height = c.height;
        patches.width = c.width;
        patches.kernel_height = c.kernel_height;
        patches.kernel_width = c.kernel_width;
        patches.stride_h = c.stride_h;
        patches.stride_w = c.stride_w;
        patches.dilation_h = c.dilation_h;
        patches.dilation_w = c.dilation_w;
        patches.pad_top = c.pad_top;
        patches.pad_left = c.pad_left;
        patches.out_width = c.out_width();
        patches.channel_stride = c.height * c.width;

        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        std::vector<float> result(size_t(c.filters * N), -1e30f);
        float* out = result.data();
        gemm(c.filters, N, K, PackedA<float>{packed.data(), K}, patches, workspace.data(),
             [=](i64 f, i64 p, float sum) { out[f * N + p] = sum; });
        for (i64 f = 0; f < c.filters; ++f)
            for (i64 p = 0; p < N; ++p) {
                const float want = expected_at(c, image, weights, f, p / c.out_width(), p % c.out_width());
                const float got = result[size_t(f * N + p)];
                subject.expect(got == want, "round %d filter %ld position %ld: %g, not %g", round, long(f), long(p),
                               double(got), double(want));
            }
    }
}

}  // namespace

int main(int argc, char** argv) {
    set_threads(3);
    const int rounds = has_flag(argc, argv, "--reduced") ? 30 : 300;
    check_convolutions<float>("convolution f32", rounds);
    check_convolutions<bf16>("convolution bf16", rounds);
#if !defined(LUM_KINDS_ONLY)  // as in gemm.cpp
    check_convolutions<f16>("convolution f16", rounds / 3);
#endif
}
