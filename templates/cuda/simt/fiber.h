// A fiber: a stack of its own and the point where it left off. Entering one is a function call that saves the
// registers which calls preserve and swaps stacks.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace simt {

class Fiber {
 public:
    Fiber() = default;
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    // The next switch to it calls entry(), which must never return.
    void prepare(void (*entry)());
    bool holds(const void* address) const {
        return address >= stack_ && address < static_cast<const char*>(stack_) + kStackBytes;
    }

    static constexpr std::size_t kStackBytes = 256 * 1024;

 private:
    friend void switch_fiber(Fiber& from, Fiber& to);
    void* stack_ = nullptr;
#if defined(__x86_64__)
    void* top_ = nullptr;  // where its registers lie while another one runs
#else
    ucontext_t context_;
#endif
};

// Goes on where `to` left off; returns when something switches back to `from`.
void switch_fiber(Fiber& from, Fiber& to);

}  // namespace simt
