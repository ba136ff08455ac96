// One block of zeroed memory, on pages of its own, that goes with its owner. Pages are taken from the system when
// they are first touched: a cache with room for a long context costs what has been used of it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fault.h"

namespace lum {

// Zeroes memory of a Block. Whole pages are given back where the system then hands out zeroed ones.
inline void zero(void* data, size_t bytes) {
#if defined(__linux__)
    const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(data), end = begin + bytes;
    const uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
    if (first < last && ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED) == 0) {
        std::memset(data, 0, first - begin);
        std::memset(reinterpret_cast<void*>(last), 0, end - last);
        return;
    }
#endif
    std::memset(data, 0, bytes);
}

class Block {
 public:
    Block() = default;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { release(); }

    // `what` names it in the fault: "the arena".
    Fault allocate(size_t bytes, const char* what) {
        release();
        if (bytes == 0) return {};
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (data == MAP_FAILED) {
            return {"LUM6006", "no memory for " + std::to_string(bytes) + " bytes of " + what,
                    "free memory, or build with smaller bounds of the dims"};
        }
#if defined(MADV_HUGEPAGE)
        // Fewer entries in the translation cache; only a wish, so its status doesn't matter.
        if (bytes >= (size_t{1} << 21)) static_cast<void>(::madvise(data, bytes, MADV_HUGEPAGE));
#endif
        data_ = static_cast<std::byte*>(data);
        bytes_ = bytes;
        return {};
    }

    std::byte* data() const { return data_; }
    size_t size() const { return bytes_; }

 private:
    void release() {
        if (data_ != nullptr) ::munmap(data_, bytes_);
        data_ = nullptr;
        bytes_ = 0;
    }

    std::byte* data_ = nullptr;
    size_t bytes_ = 0;
};

}  // namespace lum
