// One block of zeroed memory, on pages of its own, that goes with its owner. Pages are taken from the system when
// they are first touched: a cache with room for a long context costs what has been used of it.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "fault.h"

namespace lum {

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
        void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
