// Indices that come from data: a kernel that gathers or scatters checks each one and goes on with 0 where it is
// outside, so that no memory is touched that isn't the tensor's; the call then fails with the first one found.
#pragma once

#include <atomic>

#include "types.h"

namespace lum {

class IndexCheck {
 public:
    // `index` where 0 <= index < size, else 0 with the fault noted. `what` is text with static lifetime that names
    // the read, e.g. "embed[tokens[t], d], axis 0".
    i64 inside(i64 index, i64 size, const char* what) {
        if (static_cast<u64>(index) < static_cast<u64>(size)) return index;
        note(index, size, what);
        return 0;
    }

    // Notes a fault; the first one is kept. Any thread may call it.
    void note(i64 index, i64 size, const char* what) {
        if (claimed_.exchange(true, std::memory_order_relaxed)) return;
        index_ = index;
        size_ = size;
        what_ = what;
        found_.store(true, std::memory_order_release);
    }

    bool failed() const { return found_.load(std::memory_order_acquire); }
    i64 index() const { return index_; }
    i64 size() const { return size_; }
    const char* what() const { return what_; }

    void clear() {
        claimed_.store(false, std::memory_order_relaxed);
        found_.store(false, std::memory_order_relaxed);
    }

 private:
    std::atomic<bool> claimed_{false};
    std::atomic<bool> found_{false};
    i64 index_ = 0;
    i64 size_ = 0;
    const char* what_ = "";
};

}  // namespace lum
