// Elementary functions against long double over the whole range of float, conversions against their definition,
// integers against wide arithmetic, loops over threads against what they must cover.
#include "math.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "integers.h"
#include "parallel.h"
#include "reduce.h"
#include "report.h"
#include "simd.h"

using namespace lum;

namespace {

const float infinity = std::numeric_limits<float>::infinity();
Random random_numbers;
u32 sweep_step = 4001;

// Distance in units in the last place of the right result; 0 when both are NaN, huge when only one is.
double ulps(float got, long double exact) {
    const float want = static_cast<float>(exact);
    if (got == want || (std::isnan(got) && std::isnan(want))) return 0.0;
    if (!std::isfinite(got) || !std::isfinite(want)) return std::fabs(got) > 3.4e38f && std::fabs(want) > 3.4e38f ? 1.0 : 1e9;
    int exponent;
    std::frexp(want, &exponent);
    const double unit = std::fmax(std::ldexp(1.0, exponent - 24), 0x1p-149);
    return static_cast<double>(std::fabs(static_cast<long double>(got) - exact)) / unit;
}

// Every sweep_step-th float there is, and the special ones. The loop vectorizes, as it does in kernels.
template <class Fn, class Exact>
void check_function(const char* name, double allowed, float largest, const Fn& fn, const Exact& exact) {
    Subject subject(name);
    std::vector<float> x = {0.0f, -0.0f, 1.0f, -1.0f, infinity, -infinity, NAN, 3.4e38f, -3.4e38f, 1e-45f, -1e-45f, 1e-38f};
    for (u64 bits = 0; bits < 0x100000000u; bits += sweep_step) {
        const float value = float_from_bits(static_cast<u32>(bits));
        if (!(std::fabs(value) > largest)) x.push_back(value);
    }
    std::vector<float> y(x.size());
    const float* from = x.data();
    float* to = y.data();
    const i64 count = static_cast<i64>(x.size());
    LUM_SIMD
    for (i64 i = 0; i < count; ++i) to[i] = fn(from[i]);
    for (size_t i = 0; i < x.size(); ++i) {
        if (std::fabs(x[i]) > largest) continue;
        const double distance = ulps(y[i], exact(static_cast<long double>(x[i])));
        subject.expect(distance <= allowed, "%a (%g): %g, %.2f ulp off", double(x[i]), double(x[i]), double(y[i]), distance);
    }
}

#define CHECK_FUNCTION(name, allowed)                                         \
    check_function(#name, allowed, infinity, [](float x) { return lum::name(x); }, \
                   [](long double x) { return std::name(x); })

void check_functions() {
    CHECK_FUNCTION(exp, 2.0);
    CHECK_FUNCTION(exp2, 2.0);
    CHECK_FUNCTION(expm1, 2.0);
    CHECK_FUNCTION(log, 2.0);
    CHECK_FUNCTION(log2, 2.0);
    CHECK_FUNCTION(log1p, 2.0);
    CHECK_FUNCTION(tanh, 2.0);
    CHECK_FUNCTION(erf, 3.0);
    CHECK_FUNCTION(sqrt, 0.5);
    CHECK_FUNCTION(floor, 0.0);
    CHECK_FUNCTION(ceil, 0.0);
    check_function("round", 0.0, infinity, [](float x) { return lum::round(x); },
                   [](long double x) { return std::nearbyint(x); });
    check_function("sigmoid", 3.0, infinity, [](float x) { return lum::sigmoid(x); },
                   [](long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); });
    check_function("sin", 2.0, 1e8f, [](float x) { return lum::sin(x); }, [](long double x) { return std::sin(x); });
    check_function("cos", 2.0, 1e8f, [](float x) { return lum::cos(x); }, [](long double x) { return std::cos(x); });
}

void check_angles() {
    Subject subject("sin and cos of large angles");
    for (int i = 0; i < 400000; ++i) {
        const float x = static_cast<float>(random_numbers.between(-1000000, 1000000)) * 0.1001f;
        const double off = std::fmax(ulps(lum::sin(x), std::sin(static_cast<long double>(x))),
                                     ulps(lum::cos(x), std::cos(static_cast<long double>(x))));
        subject.expect(off <= 2.0, "%a: %.2f ulp off", double(x), off);
    }
}

void check_pow() {
    Subject subject("pow");
    std::vector<float> values = {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, -3.0f, 0.5f, -0.5f, infinity, -infinity, NAN,
                                 1e30f, -1e30f, 1e-30f, 4e-45f, 1e9f};
    for (int i = 0; i < 700; ++i) values.push_back(float_from_bits(random_numbers.next()));
    for (int i = 0; i < 700; ++i) values.push_back(static_cast<float>(random_numbers.between(-4000, 4000)) / 64.0f);
    for (float a : values)
        for (float b : values) {
            const long double exact = std::pow(static_cast<long double>(a), static_cast<long double>(b));
            const float got = lum::pow(a, b);
            const bool right = ulps(got, exact) <= 2.0 && (std::isnan(got) || std::signbit(got) == std::signbit(exact));
            subject.expect(right, "%a^%a: %g, not %Lg", double(a), double(b), double(got), exact);
        }
}

void check_comparisons() {
    Subject subject("max min sign floor_div floor_mod");
    const float values[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.5f, -2.5f, 1e30f, 3e-30f, 7.0f, -7.0f, NAN, infinity, -infinity};
    for (float a : values)
        for (float b : values) {
            const bool nan = std::isnan(a) || std::isnan(b);
            subject.expect(nan ? std::isnan(lum::max(a, b)) : lum::max(a, b) == std::fmax(a, b), "max(%g, %g)", double(a), double(b));
            subject.expect(nan ? std::isnan(lum::min(a, b)) : lum::min(a, b) == std::fmin(a, b), "min(%g, %g)", double(a), double(b));
            const double rest = std::fmod(double(a), double(b));
            const double mod = rest != 0 && (rest < 0) != (b < 0) ? rest + double(b) : rest;
            subject.expect(ulps(floor_mod(a, b), static_cast<long double>(mod)) <= 0.5, "floor_mod(%g, %g)", double(a), double(b));
            const double quotient = std::floor(double(a) / double(b));
            subject.expect(ulps(floor_div(a, b), static_cast<long double>(quotient)) <= 0.5, "floor_div(%g, %g)", double(a), double(b));
            subject.expect(ranks_above(a, b) == (a > b || (std::isnan(a) && !std::isnan(b))), "ranks_above(%g, %g)", double(a), double(b));
            subject.expect(ranks_below(a, b) == (a < b || (std::isnan(a) && !std::isnan(b))), "ranks_below(%g, %g)", double(a), double(b));
        }
    for (float x : values)
        subject.expect(std::isnan(x) ? std::isnan(sign(x)) : sign(x) == float((x > 0) - (x < 0)), "sign(%g)", double(x));
}

// Rounding to nearest even by its definition: no neighbouring code is closer, and of two equally close the even one.
template <class T, int Bits>
void check_storage(const char* name, float largest) {
    Subject subject(name);
    for (u32 code = 0; code < (1u << Bits); ++code) {
        T value;
        value.bits = static_cast<decltype(value.bits)>(code);
        const float wide = to_float(value);
        const T back = from_float<T>(wide);
        subject.expect(std::isnan(wide) ? std::isnan(to_float(back)) : back.bits == value.bits, "code %x: back as %x", code,
                       unsigned(back.bits));
        if (!std::isfinite(wide) || std::signbit(wide) || wide >= largest) continue;
        T next = value;
        ++next.bits;
        const float above = to_float(next), middle = wide + (above - wide) * 0.5f;
        const T even = code % 2 == 0 ? value : next;
        subject.expect(from_float<T>(middle).bits == even.bits, "tie above code %x: %x", code, unsigned(from_float<T>(middle).bits));
        subject.expect(from_float<T>(std::nextafter(middle, -1.0f)).bits == value.bits, "below the tie above code %x", code);
        subject.expect(from_float<T>(std::nextafter(middle, infinity)).bits == next.bits, "above the tie above code %x", code);
        subject.expect(to_float(from_float<T>(-wide)) == -wide, "minus code %x", code);
    }
    const T overflow = from_float<T>(3.4e38f), endless = from_float<T>(infinity), nan = from_float<T>(NAN);
    const bool has_infinity = !std::is_same_v<T, f8e4m3>;
    subject.expect(has_infinity ? std::isinf(to_float(overflow)) : std::isnan(to_float(overflow)), "overflow: %x", unsigned(overflow.bits));
    subject.expect(has_infinity ? std::isinf(to_float(endless)) : std::isnan(to_float(endless)), "infinity: %x", unsigned(endless.bits));
    subject.expect(std::isnan(to_float(nan)), "NaN: %x", unsigned(nan.bits));
}

template <class T>
void check_integers(const char* name) {
    Subject subject(name);
    using Wide = __int128;
    const T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    std::vector<T> values = {0, 1, -1, 2, -2, 3, 5, -5, 31, 32, 63, 64, most, static_cast<T>(most - 1), least, static_cast<T>(least + 1)};
    for (int i = 0; i < 100; ++i) values.push_back(static_cast<T>(random_numbers.between(-1000, 1000)));
    for (T a : values)
        for (T b : values) {
            const Wide wa = a, wb = b;
            const auto same = [&](T got, Wide want, const char* what) {
                subject.expect(got == static_cast<T>(want), "%s of %ld and %ld: %ld", what, long(a), long(b), long(got));
            };
            same(wrapping_add(a, b), wa + wb, "sum");
            same(wrapping_sub(a, b), wa - wb, "difference");
            same(wrapping_mul(a, b), wa * wb, "product");
            const Wide floored = b == 0 ? 0 : wa / wb - ((wa % wb != 0 && (wa < 0) != (wb < 0)) ? 1 : 0);
            same(floor_div(a, b), floored, "floor_div");
            same(floor_mod(a, b), wa - wb * floored, "floor_mod");
            const int width = sizeof(T) * 8;
            const bool inside = b >= 0 && b < width;
            same(shift_left(a, b), inside ? static_cast<Wide>(static_cast<unsigned __int128>(wa) << int(b)) : 0, "shift_left");
            same(shift_right(a, b), inside ? wa >> int(b) : (a < 0 ? -1 : 0), "shift_right");
            same(lum::max(a, b), a > b ? a : b, "max");
            same(lum::min(a, b), a < b ? a : b, "min");
            if (b >= 0 && b < 70) {
                Wide power = 1;
                for (T i = 0; i < b; ++i) power = static_cast<T>(power * wa);
                same(lum::pow(a, b), power, "pow");
            }
        }
    for (T a : values) {
        subject.expect(lum::abs(a) == static_cast<T>(a < 0 ? -Wide(a) : Wide(a)), "abs of %ld", long(a));
        subject.expect(sign(a) == (a > 0) - (a < 0), "sign of %ld", long(a));
        subject.expect(wrapping_neg(a) == static_cast<T>(-Wide(a)), "minus %ld", long(a));
        subject.expect(lum::pow(a, T{-1}) == (a == 1 || a == -1 ? a : 0), "1 / %ld", long(a));
    }
}

void check_parallel() {
    Subject subject("parallel_for");
    set_threads(3);
    for (i64 n : {0, 1, 2, 3, 7, 100, 1001})
        for (i64 grain : {1, 2, 10, 1000}) {
            std::vector<int> visits(static_cast<size_t>(n), 0), nested(static_cast<size_t>(n), 0);
            std::vector<int> shares(8, 0);
            parallel_for(n, grain, [&](i64 begin, i64 end) {
                shares[size_t(thread_index())] += 1;
                for (i64 i = begin; i < end; ++i) ++visits[size_t(i)];
                parallel_for(end - begin, 1, [&](i64 from, i64 to) {
                    for (i64 i = from; i < to; ++i) ++nested[size_t(begin + i)];
                });
            });
            for (i64 i = 0; i < n; ++i)
                subject.expect(visits[size_t(i)] == 1 && nested[size_t(i)] == 1, "item %ld of %ld: %d and %d visits", long(i), long(n),
                               visits[size_t(i)], nested[size_t(i)]);
            int used = 0;
            for (int count : shares) used += count > 0;
#if defined(_OPENMP)
            const i64 by_grain = n / grain, expected = n == 0 ? 0 : by_grain < 1 ? 1 : by_grain < 3 ? by_grain : 3;
#else
            const i64 expected = n == 0 ? 0 : 1;
#endif
            subject.expect(used == expected, "%ld items, grain %ld: %d threads, not %ld", long(n), long(grain), used, long(expected));
        }
}

void check_reductions() {
    Subject subject("row reductions");
    for (i64 n = 0; n < 200; ++n) {
        std::vector<float> a(static_cast<size_t>(n)), b(static_cast<size_t>(n));
        float sum = 0.0f, dot_product = 0.0f, squares = 0.0f, largest = -infinity;
        for (i64 i = 0; i < n; ++i) {
            const float x = a[size_t(i)] = static_cast<float>(random_numbers.between(-9, 9));
            const float y = b[size_t(i)] = static_cast<float>(random_numbers.between(-9, 9));
            sum += x;
            squares += x * x;
            dot_product += x * y;
            largest = x > largest ? x : largest;
        }
        subject.expect(row_sum(a.data(), n) == sum, "sum of %ld", long(n));
        subject.expect(row_dot(a.data(), b.data(), n) == dot_product, "dot of %ld", long(n));
        subject.expect(row_sum_of_squares(a.data(), n) == squares, "sum of squares of %ld", long(n));
        subject.expect(row_max(a.data(), n) == largest, "max of %ld", long(n));
        if (n > 0) {
            a[size_t(random_numbers.below(n))] = NAN;
            subject.expect(std::isnan(row_max(a.data(), n)), "max of %ld with a NaN", long(n));
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (has_flag(argc, argv, "--reduced")) sweep_step = 200003;
    check_functions();
    check_angles();
    check_pow();
    check_comparisons();
    check_storage<bf16, 16>("bf16", 3.38e38f);
    check_storage<f16, 16>("f16", 65504.0f);
    check_storage<f8e4m3, 8>("f8e4m3", 448.0f);
    check_storage<f8e5m2, 8>("f8e5m2", 57344.0f);
    check_integers<i32>("i32");
    check_integers<i64>("i64");
    check_parallel();
    check_reductions();
}
