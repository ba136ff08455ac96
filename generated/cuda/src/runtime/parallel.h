// Threads: OpenMP where the compiler has it, the plain loop otherwise.
#pragma once

#include "types.h"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace lum {

#if defined(_OPENMP)
// Each calling thread has its own, so that models with different settings can run at the same time.
inline thread_local int thread_setting = omp_get_max_threads();

// How many threads kernels may use; 0 sets as many as there are processors. Set it before a model is created: its
// workspaces are sized by it.
inline int threads() { return thread_setting; }
inline void set_threads(int count) { thread_setting = count < 1 ? omp_get_max_threads() : count; }

// The calling thread's number inside the running parallel_for, 0 outside.
inline int thread_index() { return omp_get_thread_num(); }
inline bool inside_parallel() { return omp_get_level() > 0; }

// fn(0..count-1), each on a thread of its own; inline when there is but one or a parallel_for is running already.
template <class Fn>
void parallel_tasks(int count, const Fn& fn) {
    if (count <= 1 || inside_parallel()) {
        for (int task = 0; task < count; ++task) fn(task);
        return;
    }
#pragma omp parallel num_threads(count)
    for (int task = omp_get_thread_num(); task < count; task += omp_get_num_threads()) fn(task);
}
#else
inline int threads() { return 1; }
inline void set_threads(int) {}
inline int thread_index() { return 0; }
inline bool inside_parallel() { return false; }

template <class Fn>
void parallel_tasks(int count, const Fn& fn) {
    for (int task = 0; task < count; ++task) fn(task);
}
#endif

// Starting the threads costs some microseconds: a thread should get at least this many elementary operations.
constexpr i64 kWorkPerThread = 1 << 15;

// The `grain` for items of `operations` each, so that a thread's share pays for starting it.
inline i64 grain_for(i64 operations) {
    return operations >= kWorkPerThread ? 1 : kWorkPerThread / (operations < 1 ? 1 : operations);
}

// fn(begin, end) over [0, n) in equal contiguous shares of at least `grain` items, at most one a thread.
// A share for every thread that the size warrants; one share runs inline, and so does a nested call.
template <class Fn>
void parallel_for(i64 n, i64 grain, const Fn& fn) {
    const i64 by_grain = grain > 0 ? n / grain : n;
    const i64 shares = by_grain < threads() ? by_grain : threads();
    if (shares <= 1 || inside_parallel()) {
        if (n > 0) fn(static_cast<i64>(0), n);
        return;
    }
    parallel_tasks(static_cast<int>(shares), [&](int share) { fn(n * share / shares, n * (share + 1) / shares); });
}

}  // namespace lum
