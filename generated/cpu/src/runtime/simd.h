// LUM_SIMD before a loop: its iterations are independent, vectorize it.
#pragma once

#if defined(__clang__)  // a loop that stays scalar is slow, not wrong: no warning
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#if defined(_OPENMP)
#define LUM_SIMD _Pragma("omp simd")
#elif defined(__clang__)
#define LUM_SIMD _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define LUM_SIMD _Pragma("GCC ivdep")
#else
#define LUM_SIMD
#endif
