// Contractions by multiply-add against a loop in double: storage and sum types, odd sizes, every order of strides.
#include "report.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/math.cuh"
#include "views.h"

using lum::Strided;

struct Size {
    i64 batch, m, n, k;
};

template <class Shape, class TA, class TB>
__global__ void multiply(const TA* a, Strides sa, const TB* b, Strides sb, typename Shape::Sum* c, i64 batch, i64 m, i64 n,
                         i64 k) {
    for (lum::Tiles<Shape::BM, Shape::BN> tile(batch, m, n); tile.next();) {
        const i64 z = tile.batch;
        lum::gemm_tile<Shape>(
            tile, m, n, k, Strided<TA>{a + sa.offset + z * sa.batch, sa.outer, sa.k},
            Strided<TB>{b + sb.offset + z * sb.batch, sb.outer, sb.k},
            [=](i64 row, i64 column, typename Shape::Sum sum) { c[(z * m + row) * n + column] += sum; });
    }
}

// exp(A) rows, as a fused prologue.
template <class Shape, class T>
__global__ void multiply_computed(const T* a, const T* b, float* c, i64 m, i64 n, i64 k) {
    for (lum::Tiles<Shape::BM, Shape::BN> tile(1, m, n); tile.next();)
        lum::gemm_tile<Shape>(
            tile, m, n, k,
            lum::computed<float>([=](i64 row, i64 kk) { return lum::exp(lum::to_float(a[row * k + kk])); }),
            Strided<T>{b, 1, n}, [=](i64 row, i64 column, float sum) { c[row * n + column] = sum; });
}

template <class T>
static double number(T value) {
    return lum::widened<double>(value);
}

template <class T>
static void fill(const Buffer<T>& buffer, Random& random) {
    for (i64 i = 0; i < buffer.count(); ++i) {
        if constexpr (std::is_integral_v<T>) buffer[i] = static_cast<T>(random.next() % 200) - 100;
        else if constexpr (std::is_same_v<T, double>) buffer[i] = static_cast<double>(random.unit());
        else buffer[i] = lum::from_float<T>(random.unit());
    }
}

template <class Shape, class TA, class TB>
static void check(Subject& subject, Size size, Lie lie_a, Lie lie_b) {
    using Sum = typename Shape::Sum;
    const auto [batch, m, n, k] = size;
    const Strides sa = lay(lie_a, batch, m, k), sb = lay(lie_b, batch, n, k);
    Random random(static_cast<unsigned>(m * 31 + n * 7 + k));
    const Buffer<TA> a(sa.length);
    const Buffer<TB> b(sb.length);
    const Buffer<Sum> c(batch * m * n);
    fill(a, random);
    fill(b, random);
    for (i64 i = 0; i < c.count(); ++i) c[i] = Sum{1};  // store() adds: each element exactly once
    const std::string where = std::to_string(batch) + "x" + std::to_string(m) + "x" + std::to_string(n) + "x" +
                              std::to_string(k) + " A " + lie_names[lie_a] + ", B " + lie_names[lie_b];
    subject.ran(lum::launch(multiply<Shape, TA, TB>, 3, Shape::threads, Shape::shared_bytes(), nullptr, a.get(), sa, b.get(),
                            sb, c.get(), batch, m, n, k),
                where);
    for (i64 z = 0; z < batch; ++z)
        for (i64 i = 0; i < m; ++i)
            for (i64 j = 0; j < n; ++j) {
                double sum = 0, magnitude = 1;
                for (i64 kk = 0; kk < k; ++kk) {
                    const double product = number(a[sa.offset + z * sa.batch + i * sa.outer + kk * sa.k]) *
                                           number(b[sb.offset + z * sb.batch + j * sb.outer + kk * sb.k]);
                    sum += product;
                    magnitude += std::fabs(product);
                }
                subject.close(static_cast<double>(c[(z * m + i) * n + j]) - 1.0, sum, magnitude,
                              std::is_integral_v<Sum> ? 0.0 : std::is_same_v<Sum, double> ? 1e-14 : 5e-7,
                              where + " at " + std::to_string(i) + ", " + std::to_string(j));
            }
}

template <class Shape, class TA, class TB>
static void check_all(const char* name) {
    Subject subject(std::string("fma ") + name);
    for (int lie_a = 0; lie_a < kLies; ++lie_a)
        for (int lie_b = 0; lie_b < kLies; ++lie_b)
            check<Shape, TA, TB>(subject, {1, 35, 45, 29}, static_cast<Lie>(lie_a), static_cast<Lie>(lie_b));
    for (const Size& size : {Size{1, 1, 1, 1}, Size{2, 64, 64, 32}, Size{3, 17, 33, 15}, Size{1, 70, 130, 24},
                             Size{1, 16, 8, 100}, Size{1, 40, 40, 0}})
        for (Lie lie : {kAlongK, kAlongOuter})
            for (Lie other : {kAlongK, kAlongOuter}) check<Shape, TA, TB>(subject, size, lie, other);
}

int main() {
    using lum::bf16;
    using lum::FmaShape;
    check_all<FmaShape<64, 64, 8, 8, 4>, float, float>("64x64x8 f32");
    check_all<FmaShape<32, 32, 16, 4, 2, 2>, float, float>("32x32x16 f32");
    check_all<FmaShape<16, 128, 8, 2, 8>, float, float>("16x128x8 f32");
    check_all<FmaShape<32, 64, 8, 4, 4>, bf16, lum::f16>("32x64x8 bf16 x f16");
    check_all<FmaShape<32, 32, 8, 4, 4, 2, double>, double, double>("32x32x8 f64");
    check_all<FmaShape<32, 32, 8, 4, 4, 2, lum::i32>, lum::i32, lum::i8>("32x32x8 i32 x i8");
    check_all<FmaShape<32, 32, 8, 4, 1, 2, i64>, i64, lum::i32>("32x32x8 i64 x i32");

    Subject subject("fma computed");
    using Shape = FmaShape<32, 32, 8, 4, 4>;
    const i64 m = 21, n = 50, k = 37;
    Random random;
    const Buffer<bf16> a(m * k), b(k * n);
    const Buffer<float> c(m * n);
    a.randomize(random);
    b.randomize(random);
    subject.ran(lum::launch(multiply_computed<Shape, bf16>, 2, Shape::threads, Shape::shared_bytes(), nullptr, a.get(),
                            b.get(), c.get(), m, n, k),
                "launch");
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            double exact = 0, magnitude = 0;
            for (i64 kk = 0; kk < k; ++kk) {
                const double product = std::exp(number(a[i * k + kk])) * number(b[kk * n + j]);
                exact += product;
                magnitude += std::fabs(product);
            }
            subject.close(c[i * n + j], exact, magnitude, 1e-6, "element");
        }
}
