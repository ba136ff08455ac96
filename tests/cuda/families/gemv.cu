// Contractions of a few rows against a loop in double: storage types, both ways in which the matrix may lie, odd sizes.
#include "report.h"
#include "runtime/gemv.cuh"
#include "views.h"

using lum::Strided;

template <int Rows, int WarpsPerColumn, bool Staged, class TA, class TB>
__global__ void multiply(const TA* a, Strides sa, const TB* b, Strides sb, float* c, i64 m, i64 n, i64 k) {
    lum::skinny<Rows, WarpsPerColumn, Staged>(m, n, k, Strided<TA>{a + sa.offset, sa.outer, sa.k},
                                              Strided<TB>{b + sb.offset, sb.outer, sb.k},
                                              [=](i64 row, i64 column, float sum) { c[row * n + column] += sum; });
}

template <class T>
__global__ void multiply_computed(const T* a, const T* b, float* c, i64 m, i64 n, i64 k) {
    lum::skinny<2, 2, true>(
        m, n, k, lum::computed<float>([=](i64 row, i64 kk) { return lum::exp(lum::to_float(a[row * k + kk])); }),
        Strided<T>{b, k, 1}, [=](i64 row, i64 column, float sum) { c[row * n + column] += sum; });
}

// Items of a batch in parts of k, shared out to the blocks: planes of sums [parts][items][m][n].
template <class T, bool Turned>
__global__ void multiply_parts(const T* a, const T* b, float* c, i64 items, i64 m, i64 n, i64 k, i64 parts) {
    for (lum::Shares share(items * parts); share.next();) {
        const i64 item = share.item / parts, part = share.item % parts;
        const lum::SplitK range(k, parts, part, 64);
        lum::skinny<2, 2, true>(
            share, m, n, range.length,
            range.of(lum::computed<float>([=](i64 row, i64 kk) { return 2.0f * lum::to_float(a[(item * m + row) * k + kk]); })),
            range.of(Turned ? Strided<T>{b + item * k * n, 1, n} : Strided<T>{b + item * n * k, k, 1}),
            [=](i64 row, i64 column, float sum) { c[((part * items + item) * m + row) * n + column] += sum; });
    }
}

template <class T, bool Turned>
static void check_parts() {
    Subject subject(std::string("skinny in parts, ") + (Turned ? "turned, " : "") + type_name<T>());
    const i64 items = 3, m = 2, n = 37, k = 333;
    for (i64 parts : {1, 3, 8})
        for (i64 blocks : {1, 2, 5, 9, 40}) {
            Random random(static_cast<unsigned>(parts));
            const Buffer<T> a(items * m * k), b(items * k * n);
            const Buffer<float> c(parts * items * m * n);
            a.randomize(random);
            b.randomize(random);
            for (i64 i = 0; i < c.count(); ++i) c[i] = 0.0f;  // store() adds: each element exactly once
            const std::string where = std::to_string(parts) + " parts by " + std::to_string(blocks) + " blocks";
            subject.ran(lum::launch(multiply_parts<T, Turned>, blocks, 128, lum::skinny_shared_bytes(4, 2, k, 4), nullptr,
                                    a.get(), b.get(), c.get(), items, m, n, k, parts),
                        where);
            for (i64 e = 0; e < items * m * n; ++e) {
                const i64 item = e / (m * n), row = e / n % m, column = e % n;
                double value = 0, exact = 0, magnitude = 0;
                for (i64 part = 0; part < parts; ++part) value += static_cast<double>(c[part * items * m * n + e]);
                for (i64 kk = 0; kk < k; ++kk) {
                    const T& right = Turned ? b[item * k * n + kk * n + column] : b[(item * n + column) * k + kk];
                    const double product = 2.0 * static_cast<double>(lum::to_float(a[(item * m + row) * k + kk])) *
                                           static_cast<double>(lum::to_float(right));
                    exact += product;
                    magnitude += std::fabs(product);
                }
                subject.close(value, exact, magnitude, 1e-6, where + " at " + std::to_string(e));
            }
        }
}

template <int Rows, int WarpsPerColumn, bool Staged, class TA, class TB>
static void check(Subject& subject, i64 m, i64 n, i64 k, Lie lie_a, Lie lie_b) {
    const Strides sa = lay(lie_a, 1, m, k), sb = lay(lie_b, 1, n, k);
    Random random(static_cast<unsigned>(m * 31 + n * 7 + k));
    const Buffer<TA> a(sa.length);
    const Buffer<TB> b(sb.length);
    const Buffer<float> c(m * n);
    a.randomize(random);
    b.randomize(random);
    for (i64 i = 0; i < c.count(); ++i) c[i] = 1.0f;  // store() adds: each element exactly once
    const std::string where = std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + " A " +
                              lie_names[lie_a] + ", B " + lie_names[lie_b];
    subject.ran(lum::launch(multiply<Rows, WarpsPerColumn, Staged, TA, TB>, 3, 128,
                            lum::skinny_shared_bytes(4, Rows, Staged ? k : 0, sizeof(TA)), nullptr, a.get(), sa, b.get(),
                            sb, c.get(), m, n, k),
                where);
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            double sum = 0, magnitude = 1;
            for (i64 kk = 0; kk < k; ++kk) {
                const double product = static_cast<double>(lum::to_float(a[sa.offset + i * sa.outer + kk * sa.k])) *
                                       static_cast<double>(lum::to_float(b[sb.offset + j * sb.outer + kk * sb.k]));
                sum += product;
                magnitude += std::fabs(product);
            }
            subject.close(c[i * n + j] - 1.0, sum, magnitude, 1e-6, where + " at " + std::to_string(i) + ", " + std::to_string(j));
        }
}

template <int Rows, int WarpsPerColumn, bool Staged, class TA, class TB>
static void check_all() {
    Subject subject(std::string("skinny ") + std::to_string(Rows) + " rows, " + std::to_string(WarpsPerColumn) +
                    " warps, " + (Staged ? "staged, " : "") + type_name<TA>() + " x " + type_name<TB>());
    for (i64 m = Rows > 2 ? Rows - 1 : Rows; m <= Rows; ++m)
        for (int lie_a = 0; lie_a < kLies; ++lie_a)
            for (int lie_b = 0; lie_b < kLies; ++lie_b)
                check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, m, 45, 531, static_cast<Lie>(lie_a),
                                                            static_cast<Lie>(lie_b));
    for (Lie lie : {kAlongK, kAlongOuter, kPadded}) {
        check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, Rows, 64, 2304, kAlongK, lie);
        check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, Rows, 32, 5000, kAlongK, lie);
        check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, Rows, 1, 7, kAlongK, lie);
        check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, Rows, 200, 1, kAlongK, lie);
        check<Rows, WarpsPerColumn, Staged, TA, TB>(subject, Rows, 3, 0, kAlongK, lie);
    }
}

int main() {
    using lum::bf16;
    using lum::f16;
    check_all<1, 1, false, float, float>();
    check_all<1, 4, false, bf16, bf16>();
    check_all<1, 2, true, float, bf16>();
    check_all<2, 1, false, f16, f16>();
    check_all<4, 2, true, bf16, bf16>();
    check_all<4, 4, false, float, lum::f8e4m3>();
    check_all<8, 1, true, f16, lum::f8e5m2>();

    check_parts<float, false>();
    check_parts<bf16, true>();

    Subject subject("skinny computed");
    const i64 m = 2, n = 50, k = 333;
    Random random;
    const Buffer<bf16> a(m * k), b(k * n);
    const Buffer<float> c(m * n);
    a.randomize(random);
    b.randomize(random);
    for (i64 i = 0; i < m * n; ++i) c[i] = 0.0f;
    subject.ran(lum::launch(multiply_computed<bf16>, 2, 128, lum::skinny_shared_bytes(4, 2, k, 4), nullptr, a.get(), b.get(),
                            c.get(), m, n, k),
                "launch");
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            double exact = 0, magnitude = 0;
            for (i64 kk = 0; kk < k; ++kk) {
                const double product = std::exp(static_cast<double>(lum::to_float(a[i * k + kk]))) *
                                       static_cast<double>(lum::to_float(b[j * k + kk]));
                exact += product;
                magnitude += std::fabs(product);
            }
            subject.close(c[i * n + j], exact, magnitude, 1e-6, "element");
        }
}
