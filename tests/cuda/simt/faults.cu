// Kernels with one planted fault each, beside a twin without it. Prints a line per kernel: its name, the kind of fault
// that the SIMT layer found ("none" if it found none).
#include <cstdio>
#include <cstring>

#include "runtime/launch.cuh"
#include "runtime/vector.cuh"

using lum::i64;

constexpr int kThreads = 64;
constexpr i64 kLength = 100;
constexpr std::size_t kSharedBytes = 4096;

#define KERNEL(name) __global__ void name([[maybe_unused]] float* x, [[maybe_unused]] float* y)

// Bounds and alignment of device memory; x and y hold 100 floats each.
KERNEL(global_inside) { if (lum::thread() < kLength) y[lum::thread()] = x[lum::thread()] + x[kLength - 1]; }
KERNEL(global_read_past_end) { y[lum::thread()] = x[lum::thread() + 37]; }
KERNEL(global_write_past_end) { y[lum::thread() + 37] = 1.0f; }
KERNEL(global_read_before_start) { y[lum::thread()] = x[lum::thread() - 1]; }
KERNEL(global_atomic_past_end) { lum::atomic_add(x + kLength, 1.0f); }
KERNEL(vector_inside) {
    if (lum::thread() < kLength / 4) lum::store_vector(y + 4 * lum::thread(), lum::load_vector<float, 4>(x + 4 * lum::thread()));
}
KERNEL(vector_past_end) { lum::store_vector(y, lum::load_vector<float, 4>(x + 98)); }
KERNEL(vector_misaligned) { lum::store_vector(y, lum::load_vector<float, 4>(x + 1)); }
KERNEL(store_misaligned) { lum::store_vector(y + 2, lum::load_vector<float, 4>(x)); }
KERNEL(scalar_misaligned) { y[0] = *reinterpret_cast<const float*>(reinterpret_cast<const char*>(x) + 2); }
KERNEL(host_memory) {
    static float* const host = new float[4]{};  // not the device's
    y[lum::thread()] = host[0];
}
KERNEL(other_threads_local) {
    float mine = static_cast<float>(lum::thread());
    float** pointers = lum::shared<float*>(0);
    pointers[lum::thread()] = &mine;
    lum::barrier();
    y[lum::thread()] = *pointers[(lum::thread() + 1) % kThreads];
    lum::barrier();
}

// Shared memory.
KERNEL(shared_exchange) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = x[lum::thread()];
    lum::barrier();
    y[lum::thread()] = s[kThreads - 1 - lum::thread()];
}
KERNEL(shared_past_end) { lum::shared<float>(0)[kSharedBytes / 4] = 1.0f; }
KERNEL(shared_unwritten) {
    float* s = lum::shared<float>(0);
    if (lum::thread() != 5) s[lum::thread()] = 1.0f;
    lum::barrier();
    y[lum::thread()] = s[lum::thread()];
}
KERNEL(shared_read_too_early) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = 1.0f;
    if (lum::thread() > 0) y[lum::thread()] = s[lum::thread() - 1];
}
KERNEL(shared_write_too_early) {
    float* s = lum::shared<float>(0);
    for (int i = 0; i < 2; ++i) {
        s[lum::thread()] = static_cast<float>(i);
        lum::barrier();
        y[lum::thread()] = s[(lum::thread() + 1) % kThreads];
        // the next round overwrites what others may still be reading
    }
}
KERNEL(shared_write_after_all_read) {
    float* s = lum::shared<float>(0);
    for (int i = 0; i < 2; ++i) {
        s[lum::thread()] = static_cast<float>(i);
        lum::barrier();
        y[lum::thread()] = s[0] + s[(lum::thread() + 1) % kThreads];
        lum::barrier();
    }
}
KERNEL(shared_two_writers) { lum::shared<float>(0)[lum::thread() / 2] = 1.0f; }
KERNEL(warp_exchange) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = 1.0f;
    lum::warp_barrier();
    y[lum::thread()] = s[lum::thread() ^ 1];
}
KERNEL(warp_exchange_across_warps) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = 1.0f;
    lum::warp_barrier();
    y[lum::thread()] = s[lum::thread() % 32];
}
KERNEL(warp_exchange_without_barrier) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = 1.0f;
    y[lum::thread()] = s[lum::thread() & ~1];
}
KERNEL(shared_atomics) {
    float* s = lum::shared<float>(0);
    if (lum::thread() == 0) s[0] = 0.0f;
    lum::barrier();
    lum::atomic_add(s, 1.0f);
    lum::barrier();
    y[lum::thread()] = s[0];
}
KERNEL(shared_atomic_and_plain) {
    float* s = lum::shared<float>(0);
    if (lum::thread() == 0) s[0] = 0.0f;
    lum::barrier();
    lum::atomic_add(s, 1.0f);
    y[lum::thread()] = s[0];
}

// Named barriers: warp 0 writes, warp 1 reads.
KERNEL(named_barrier) {
    float* s = lum::shared<float>(0);
    if (lum::warp() == 0) {
        s[lum::lane()] = 1.0f;
        lum::barrier_arrive(1, 64);
    } else {
        lum::barrier_named(1, 64);
        y[lum::thread()] = s[lum::lane() ^ 3];
    }
}
KERNEL(named_barrier_forgotten) {
    float* s = lum::shared<float>(0);
    if (lum::warp() == 0) {
        lum::barrier_arrive(1, 64);
        s[lum::lane()] = 1.0f;  // after having said that it is there
        lum::barrier_arrive(2, 64);
    } else {
        lum::barrier_named(1, 64);
        y[lum::thread()] = s[lum::lane()];
        lum::barrier_named(2, 64);
    }
}

// Divergence.
KERNEL(barrier_in_one_branch) {
    if (lum::thread() < 40) lum::barrier();
}
KERNEL(barriers_in_two_branches) {
    if (lum::thread() < 32) {
        lum::barrier();
    } else {
        lum::barrier();
    }
}
KERNEL(exit_before_barrier) {
    if (lum::thread() == 63) return;
    lum::barrier();
    y[lum::thread()] = 1.0f;
}
KERNEL(barrier_loop_counts_differ) {
    for (int i = 0; i < 1 + lum::thread() / 32; ++i) lum::barrier();
}

// Warp operations.
KERNEL(shuffle_whole_warp) { y[lum::thread()] = lum::shuffle_xor(x[lum::thread()], 5); }
KERNEL(shuffle_in_branch) {
    if (lum::lane() < 16) y[lum::thread()] = lum::shuffle(x[lum::thread()], 3);
}
KERNEL(shuffle_after_exit) {
    if (lum::lane() == 7) return;
    y[lum::thread()] = lum::shuffle(x[lum::thread()], 3);
}
KERNEL(shuffle_against_ballot) {
    if (lum::lane() < 16)
        y[lum::thread()] = lum::shuffle(x[lum::thread()], 3);
    else
        y[lum::thread()] = static_cast<float>(lum::ballot(true));
}
KERNEL(shuffle_against_barrier) {
    if (lum::lane() < 16)
        y[lum::thread()] = lum::shuffle(x[lum::thread()], 3);
    else
        lum::barrier();
}

// Asynchronous copies.
KERNEL(copy_waited_for) {
    float* s = lum::shared<float>(0);
    if (lum::thread() < 25) lum::copy_async16(s + 4 * lum::thread(), x + 4 * lum::thread(), true);
    lum::copy_async_commit();
    lum::copy_async_wait<0>();
    lum::barrier();
    y[lum::thread()] = s[(lum::thread() + 9) % 100];
}
KERNEL(copy_read_before_wait) {
    float* s = lum::shared<float>(0);
    if (lum::thread() < 25) lum::copy_async16(s + 4 * lum::thread(), x + 4 * lum::thread(), true);
    lum::copy_async_commit();
    lum::barrier();
    y[lum::thread()] = s[lum::thread()];
}
KERNEL(copy_wait_for_an_older_group) {
    float* s = lum::shared<float>(0);
    if (lum::thread() < 25) lum::copy_async16(s + 4 * lum::thread(), x + 4 * lum::thread(), true);
    lum::copy_async_commit();
    lum::copy_async_wait<1>();
    lum::barrier();
    y[lum::thread()] = s[lum::thread()];
}
KERNEL(copy_without_barrier) {
    float* s = lum::shared<float>(0);
    if (lum::thread() < 25) lum::copy_async16(s + 4 * lum::thread(), x + 4 * lum::thread(), true);
    lum::copy_async_commit();
    lum::copy_async_wait<0>();
    y[lum::thread()] = s[lum::thread() / 2];
}
KERNEL(copy_over_what_is_read) {
    float* s = lum::shared<float>(0);
    s[lum::thread()] = x[lum::thread()];
    lum::barrier();
    y[lum::thread()] = s[63 - lum::thread()];
    if (lum::thread() < 16) lum::copy_async16(s + 4 * lum::thread(), x + 4 * lum::thread(), true);
    lum::copy_async_commit();
    lum::copy_async_wait<0>();
}
KERNEL(copy_past_end) { lum::copy_async16(lum::shared<float>(16 * lum::thread()), x + 4 * lum::thread(), true); }
KERNEL(copy_guarded) {
    const bool inside = lum::thread() < 25;
    lum::copy_async16(lum::shared<float>(16 * lum::thread()), x + (inside ? 4 * lum::thread() : 0), inside);
    lum::copy_async_commit();
    lum::copy_async_wait<0>();
    y[lum::thread()] = *lum::shared<float>(16 * lum::thread());
}
KERNEL(copy_misaligned) { lum::copy_async16(lum::shared<float>(16 * lum::thread()), x + 1, true); }
KERNEL(ldmatrix_unwritten) {
    lum::u32 r[4];
    lum::ldmatrix_x4(r, lum::shared<char>(16 * lum::lane()));
}
KERNEL(ldmatrix_misaligned) {
    lum::u32 r[4];
    lum::shared<float>(0)[lum::thread()] = 0.0f;
    lum::barrier();
    lum::ldmatrix_x4(r, lum::shared<char>(2 * lum::lane()));
}

static void report(const char* name, void (*kernel)(float*, float*)) {
    float *x, *y;
    cudaMalloc(&x, kLength * 4);
    cudaMalloc(&y, kLength * 4);
    cudaMemset(x, 0, kLength * 4);
    lum::launch(kernel, 2, kThreads, kSharedBytes, nullptr, x, y);
    cudaDeviceSynchronize();
    const char* fault = simt::last_fault();
    const int kind = static_cast<int>(std::strcspn(fault, ":"));
    std::printf("%s %.*s\n", name, kind == 0 ? 4 : kind, kind == 0 ? "none" : fault);
    std::fprintf(stderr, "%s: %s\n", name, fault);
    simt::clear_fault();
    cudaFree(x);
    cudaFree(y);
}

int main() {
#define REPORT(name) report(#name, name);
    REPORT(global_inside) REPORT(global_read_past_end) REPORT(global_write_past_end) REPORT(global_read_before_start)
    REPORT(global_atomic_past_end) REPORT(vector_inside) REPORT(vector_past_end) REPORT(vector_misaligned)
    REPORT(store_misaligned) REPORT(scalar_misaligned) REPORT(host_memory) REPORT(other_threads_local)
    REPORT(shared_exchange) REPORT(shared_past_end) REPORT(shared_unwritten) REPORT(shared_read_too_early)
    REPORT(shared_write_too_early) REPORT(shared_write_after_all_read) REPORT(shared_two_writers) REPORT(warp_exchange)
    REPORT(warp_exchange_across_warps) REPORT(warp_exchange_without_barrier) REPORT(shared_atomics)
    REPORT(shared_atomic_and_plain) REPORT(named_barrier) REPORT(named_barrier_forgotten) REPORT(barrier_in_one_branch)
    REPORT(barriers_in_two_branches) REPORT(exit_before_barrier) REPORT(barrier_loop_counts_differ)
    REPORT(shuffle_whole_warp) REPORT(shuffle_in_branch) REPORT(shuffle_after_exit) REPORT(shuffle_against_ballot)
    REPORT(shuffle_against_barrier) REPORT(copy_waited_for) REPORT(copy_read_before_wait)
    REPORT(copy_wait_for_an_older_group) REPORT(copy_without_barrier) REPORT(copy_over_what_is_read) REPORT(copy_past_end)
    REPORT(copy_guarded) REPORT(copy_misaligned) REPORT(ldmatrix_unwritten) REPORT(ldmatrix_misaligned)
}
