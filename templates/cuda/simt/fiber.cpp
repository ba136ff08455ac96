#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace simt {

// A page that may not be touched below each stack, so that an overflow stops the program instead of going unseen.
constexpr std::size_t kGuardBytes = 4096;

static void* map_stack() {
    void* mapped = mmap(nullptr, Fiber::kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    mprotect(mapped, kGuardBytes, PROT_NONE);
    return static_cast<char*>(mapped) + kGuardBytes;
}

Fiber::~Fiber() {
    if (stack_ != nullptr) munmap(static_cast<char*>(stack_) - kGuardBytes, kStackBytes + kGuardBytes);
}

#if defined(__x86_64__)

extern "C" void simt_switch(void** from_top, void* to_top);
asm(R"(
.text
.p2align 4
.type simt_switch, @function
simt_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size simt_switch, .-simt_switch
)");

void Fiber::prepare(void (*entry)()) {
    if (stack_ == nullptr) stack_ = map_stack();
    // As simt_switch leaves it: six registers, then where to return to; entry() finds the stack aligned as after a call.
    auto* top = reinterpret_cast<std::uintptr_t*>(static_cast<char*>(stack_) + kStackBytes) - 2;
    *top = reinterpret_cast<std::uintptr_t>(entry);
    for (int i = 0; i < 6; ++i) *--top = 0;
    top_ = top;
}

void switch_fiber(Fiber& from, Fiber& to) { simt_switch(&from.top_, to.top_); }

#else

void Fiber::prepare(void (*entry)()) {
    if (stack_ == nullptr) stack_ = map_stack();
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_;
    context_.uc_stack.ss_size = kStackBytes;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
}

void switch_fiber(Fiber& from, Fiber& to) { swapcontext(&from.context_, &to.context_); }

#endif

}  // namespace simt
