// How fast memory can be read: every thread sums its share of a buffer that is larger than all caches.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

using Vector = std::uint64_t __attribute__((vector_size(32)));

// Eight chains, so that loads wait for nothing.
std::uint64_t sum(const Vector* from, const Vector* to) {
    Vector total[8] = {};
    for (; from + 8 <= to; from += 8)
        for (int i = 0; i < 8; ++i) total[i] += from[i];
    std::uint64_t result = 0;
    for (const Vector& t : total) result += t[0] + t[1] + t[2] + t[3];
    return result;
}

}  // namespace

extern "C" {

// Zero-filled pages would all be one page: every page is written.
void* stream_create(std::int64_t bytes) {
    const std::size_t huge = std::size_t{2} << 20;
    void* memory = std::aligned_alloc(huge, static_cast<std::size_t>(bytes));
    if (memory == nullptr) return nullptr;
#if defined(__linux__)
    madvise(memory, static_cast<std::size_t>(bytes), MADV_HUGEPAGE);
#endif
    std::memset(memory, 1, static_cast<std::size_t>(bytes));
    return memory;
}

// One pass; the sum is returned so that the loads cannot be left out.
std::uint64_t stream_read(const void* memory, std::int64_t bytes, std::int32_t threads) {
    const Vector* data = static_cast<const Vector*>(memory);
    const std::int64_t count = bytes / static_cast<std::int64_t>(sizeof(Vector));
    std::uint64_t result = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : result) schedule(static)
    for (std::int32_t share = 0; share < threads; ++share)
        result += sum(data + count * share / threads, data + count * (share + 1) / threads);
    return result;
}

void stream_destroy(void* memory) { std::free(memory); }
}
