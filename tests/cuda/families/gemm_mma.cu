// Contractions on tensor cores against a loop in double: element types, sizes that are no multiples of anything, every
// order of strides, broadcasts, computed operands, batches, parts of K.
#include "report.h"
#include "runtime/gemm_mma.cuh"
#include "views.h"

using lum::Computed;
using lum::Strided;

struct Size {
    i64 batch, m, n, k;
};

// A float side beside bf16 goes in two parts.
template <class T, class Other>
constexpr bool kInTwo = std::is_same_v<T, float> && std::is_same_v<Other, lum::bf16>;
template <class Other, class T>
__device__ auto parted(Strided<T> operand) {
    if constexpr (kInTwo<T, Other>) return lum::in_two_parts(operand);
    else return operand;
}

template <class Shape, class TA, class TB>
__global__ void multiply(const TA* a, Strides sa, const TB* b, Strides sb, float* c, i64 batch, i64 m, i64 n, i64 k) {
    for (lum::Tiles<Shape::BM, Shape::BN> tile(batch, m, n); tile.next();) {
        const i64 z = tile.batch;
        lum::gemm_tile<Shape>(
            tile, m, n, k, parted<TB>(Strided<TA>{a + sa.offset + z * sa.batch, sa.outer, sa.k}),
            parted<TA>(Strided<TB>{b + sb.offset + z * sb.batch, sb.outer, sb.k}),
            [=](i64 row, i64 column, float sum) { c[(z * m + row) * n + column] += sum; });
    }
}

// A float factor that is computed as it is read, in two parts, and parts of K.
template <class Shape>
__global__ void multiply_in_two_parts(const float* a, const lum::bf16* b, float* c, i64 parts, i64 m, i64 n, i64 k) {
    for (lum::Tiles<Shape::BM, Shape::BN> tile(parts, m, n); tile.next();) {
        const lum::SplitK part(k, parts, tile.batch, Shape::BK);
        const i64 z = tile.batch;
        lum::gemm_tile<Shape>(tile, m, n, part.length,
                              part.of(lum::in_two_parts(lum::computed<float>([=](i64 row, i64 kk) { return 3.0f * a[row * k + kk]; }))),
                              part.of(Strided<lum::bf16>{b, 1, n}),
                              [=](i64 row, i64 column, float sum) { c[(z * m + row) * n + column] = sum; });
    }
}

template <class Shape>
static void check_in_two_parts(i64 parts) {
    Subject subject("mma of a computed factor in two parts, " + std::to_string(parts) + " parts of K");
    const i64 m = 35, n = 41, k = 333;
    Random random;
    const Buffer<float> a(m * k), c(parts * m * n);
    const Buffer<lum::bf16> b(k * n);
    a.randomize(random);
    b.randomize(random);
    subject.ran(lum::launch(multiply_in_two_parts<Shape>, 2, Shape::threads, Shape::shared_bytes(2, 2), nullptr, a.get(),
                            b.get(), c.get(), parts, m, n, k),
                "launch");
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            double sum = 0, exact = 0, magnitude = 0;
            for (i64 z = 0; z < parts; ++z) sum += static_cast<double>(c[(z * m + i) * n + j]);
            for (i64 kk = 0; kk < k; ++kk) {
                const double product = 3.0 * static_cast<double>(a[i * k + kk]) * static_cast<double>(lum::to_float(b[kk * n + j]));
                exact += product;
                magnitude += std::fabs(product);
            }
            subject.close(sum, exact, magnitude, 8e-6, "element");
        }
}

// A is squared on the way in; the parts of K go to planes of their own.
template <class Shape, class T>
__global__ void multiply_computed(const T* a, const T* b, float* c, i64 parts, i64 m, i64 n, i64 k) {
    for (lum::Tiles<Shape::BM, Shape::BN> tile(parts, m, n); tile.next();) {
        const lum::SplitK part(k, parts, tile.batch, Shape::BK);
        const i64 z = tile.batch;
        lum::gemm_tile<Shape>(
            tile, m, n, part.length,
            lum::computed<T>([=](i64 row, i64 kk) {
                const float value = lum::to_float(a[row * k + part.begin + kk]);
                return value * value;
            }),
            Strided<T>{b + part.begin * n, 1, n},
            [=](i64 row, i64 column, float sum) { c[(z * m + row) * n + column] = sum; });
    }
}

template <class Shape, class TA, class TB>
static void check(Subject& subject, Size size, Lie lie_a, Lie lie_b, double tolerance) {
    const auto [batch, m, n, k] = size;
    const Strides sa = lay(lie_a, batch, m, k), sb = lay(lie_b, batch, n, k);
    Random random(static_cast<unsigned>(m * 31 + n * 7 + k));
    const Buffer<TA> a(sa.length);
    const Buffer<TB> b(sb.length);
    const Buffer<float> c(batch * m * n);
    a.randomize(random);
    b.randomize(random);
    for (i64 i = 0; i < c.count(); ++i) c[i] = 1.0f;  // store() adds: each element exactly once
    const std::string where = std::to_string(batch) + "x" + std::to_string(m) + "x" + std::to_string(n) + "x" +
                              std::to_string(k) + " A " + lie_names[lie_a] + ", B " + lie_names[lie_b];
    subject.ran(lum::launch(multiply<Shape, TA, TB>, 3, Shape::threads,
                            Shape::shared_bytes(sizeof(lum::MmaElement<Strided<TA>, Strided<TB>>), kInTwo<TA, TB> ? 2 : 1,
                                                kInTwo<TB, TA> ? 2 : 1), nullptr, a.get(), sa,
                            b.get(), sb, c.get(), batch, m, n, k),
                where);
    for (i64 z = 0; z < batch; ++z)
        for (i64 i = 0; i < m; ++i)
            for (i64 j = 0; j < n; ++j) {
                double sum = 0, magnitude = 1;
                for (i64 kk = 0; kk < k; ++kk) {
                    const double product =
                        static_cast<double>(lum::to_float(a[sa.offset + z * sa.batch + i * sa.outer + kk * sa.k])) *
                        static_cast<double>(lum::to_float(b[sb.offset + z * sb.batch + j * sb.outer + kk * sb.k]));
                    sum += product;
                    magnitude += std::fabs(product);
                }
                subject.close(c[(z * m + i) * n + j] - 1.0, sum, magnitude, tolerance,
                              where + " at " + std::to_string(i) + ", " + std::to_string(j));
            }
}

template <class Shape, class TA, class TB>
static void check_all(const char* name, double tolerance) {
    Subject subject(std::string("mma ") + name + " " + type_name<TA>() + " x " + type_name<TB>());
    for (int lie_a = 0; lie_a < kLies; ++lie_a)
        for (int lie_b = 0; lie_b < kLies; ++lie_b)
            check<Shape, TA, TB>(subject, {1, 35, 45, 53}, static_cast<Lie>(lie_a), static_cast<Lie>(lie_b), tolerance);
    for (const Size& size : {Size{1, 1, 1, 1}, Size{2, 64, 64, 64}, Size{3, 17, 33, 15}, Size{1, 70, 130, 96},
                             Size{1, 16, 8, 200}, Size{1, 129, 24, 8}, Size{1, 40, 40, 0}})
        for (Lie lie : {kAlongK, kAlongOuter})
            for (Lie other : {kAlongK, kAlongOuter}) check<Shape, TA, TB>(subject, size, lie, other, tolerance);
}

template <class Shape, class T>
static void check_computed(i64 parts) {
    Subject subject(std::string("mma computed, ") + std::to_string(parts) + " parts of K, " + type_name<T>());
    const i64 m = 33, n = 50, k = 150;
    Random random;
    const Buffer<T> a(m * k), b(k * n);
    const Buffer<float> c(parts * m * n);
    a.randomize(random);
    b.randomize(random);
    subject.ran(lum::launch(multiply_computed<Shape, T>, 2, Shape::threads, Shape::shared_bytes(sizeof(T)), nullptr,
                            a.get(), b.get(), c.get(), parts, m, n, k),
                "launch");
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            double sum = 0, exact = 0, magnitude = 0;
            for (i64 z = 0; z < parts; ++z) sum += c[(z * m + i) * n + j];
            for (i64 kk = 0; kk < k; ++kk) {
                const float x = lum::to_float(a[i * k + kk]);
                const double product = static_cast<double>(lum::to_float(lum::from_float<T>(x * x))) *
                                       static_cast<double>(lum::to_float(b[kk * n + j]));
                exact += product;
                magnitude += std::fabs(product);
            }
            subject.close(sum, exact, magnitude, 1e-6, "element");
        }
}

int main() {
    using lum::bf16;
    using lum::f16;
    using lum::MmaShape;
    check_all<MmaShape<64, 64, 32, 2, 2, 3>, bf16, bf16>("64x64x32", 1e-6);
    check_all<MmaShape<64, 64, 32, 2, 2, 3>, f16, f16>("64x64x32", 1e-6);
    check_all<MmaShape<32, 64, 64, 1, 4, 2>, bf16, bf16>("32x64x64", 1e-6);
    check_all<MmaShape<64, 128, 64, 1, 2, 4>, f16, f16>("64x128x64", 1e-6);
    check_all<MmaShape<16, 32, 32, 1, 2, 2>, bf16, lum::f8e4m3>("16x32x32", 1e-6);
    check_all<MmaShape<32, 64, 64, 1, 4, 2>, lum::f8e5m2, f16>("32x64x64", 1e-6);
    check_all<MmaShape<16, 32, 32, 1, 2, 2>, lum::f8e4m3, lum::f8e5m2>("16x32x32", 1e-6);
    check_all<MmaShape<16, 32, 32, 1, 2, 2>, bf16, lum::i8>("16x32x32", 1e-6);
    check_all<MmaShape<64, 64, 32, 2, 2, 3>, float, float>("64x64x32 tf32", 1e-3);
    check_all<MmaShape<64, 64, 32, 2, 2, 3>, float, bf16>("64x64x32 in two parts", 8e-6);
    check_all<MmaShape<16, 64, 128, 1, 4, 4>, bf16, float>("16x64x128 in two parts", 8e-6);
    check_in_two_parts<MmaShape<32, 64, 64, 1, 4, 3>>(1);
    check_in_two_parts<MmaShape<32, 64, 64, 1, 4, 3>>(3);
    check_computed<MmaShape<32, 32, 32, 2, 1, 3>, bf16>(1);
    check_computed<MmaShape<32, 32, 32, 2, 1, 3>, f16>(4);
}
