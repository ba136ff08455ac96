// The primitives of simt.h over a block's fibers.
#include <cstdio>
#include <cstring>
#include <mutex>

#include "access.h"
#include "block.h"
#include "fault.h"
#include "memory.h"

namespace simt {

int thread() { return working->thread(); }
int threads() { return working->threads(); }
int block() { return working->index(); }
int grid() { return static_cast<int>(working->launch().grid); }

void barrier(int id, int count, int line) { working->arrive(id, count, line, true); }
void barrier_arrive(int id, int count, int line) { working->arrive(id, count, line, false); }
void warp_barrier(std::uint32_t mask) { working->warp_barrier(mask); }

struct Shuffle {
    std::uint64_t given, taken;
    int source;
};

std::uint64_t shuffle(std::uint32_t mask, std::uint64_t bits, int source) {
    Shuffle own{bits, bits, source};
    working->meet("shuffle", mask, &own, [](void* const* lanes, std::uint32_t all, Block&) {
        for (int lane = 0; lane < kWarpSize; ++lane) {
            if ((all >> lane & 1u) == 0) continue;
            auto& to = *static_cast<Shuffle*>(lanes[lane]);
            if (to.source < 0 || to.source >= kWarpSize) continue;
            if ((all >> to.source & 1u) == 0)
                fault(kInactiveLane, "shuffle of lanes %08x: lane %d takes lane %d's value", all, lane, to.source);
            to.taken = static_cast<const Shuffle*>(lanes[to.source])->given;
        }
    });
    return own.taken;
}

struct Vote {
    bool given;
    std::uint32_t taken;
};

std::uint32_t ballot(std::uint32_t mask, bool vote) {
    Vote own{vote, 0};
    working->meet("ballot", mask, &own, [](void* const* lanes, std::uint32_t all, Block&) {
        std::uint32_t votes = 0;
        for (int lane = 0; lane < kWarpSize; ++lane)
            if ((all >> lane & 1u) != 0 && static_cast<const Vote*>(lanes[lane])->given) votes |= 1u << lane;
        for (int lane = 0; lane < kWarpSize; ++lane)
            if ((all >> lane & 1u) != 0) static_cast<Vote*>(lanes[lane])->taken = votes;
    });
    return own.taken;
}

void* shared(std::size_t offset) {
    if (offset > working->shared_bytes())
        fault(kOutOfBounds, "shared memory from byte %zu on; the block has %zu bytes", offset, working->shared_bytes());
    return working->shared_memory() + offset;
}

void load(void* value, const void* from, std::size_t bytes) {
    check_access(from, bytes, bytes, false);
    std::memcpy(value, from, bytes);
}

void store(void* to, const void* value, std::size_t bytes) {
    check_access(to, bytes, bytes, true);
    std::memcpy(to, value, bytes);
}

void copy_async(void* to, const void* from, int bytes, int count) {
    const auto size = static_cast<std::size_t>(bytes);
    if (count < 0 || count > bytes) fault(kOutOfBounds, "asynchronous copy of %d of %d bytes", count, bytes);
    unsigned char data[16] = {};
    if (count > 0) {
        if (working->owns(from)) fault(kOutOfBounds, "asynchronous copy from shared memory");
        check_access(from, static_cast<std::size_t>(count), 1, false);
        if (reinterpret_cast<std::uintptr_t>(from) % size != 0)
            fault(kMisaligned, "asynchronous copy of %d bytes from an address that isn't a multiple of it", bytes);
        std::memcpy(data, from, static_cast<std::size_t>(count));
    }
    if (!working->owns(to)) fault(kOutOfBounds, "asynchronous copy to elsewhere than shared memory");
    working->copy_async(working->check_shared(to, size, size, "asynchronous copy"), data, bytes);
}

void copy_async_commit() { working->copy_async_commit(); }
void copy_async_wait(int groups_left) { working->copy_async_wait(groups_left); }

// Several atomics on the same address from different OS threads take turns.
static std::mutex atomics;

void atomic(void* address, std::size_t bytes, void (*apply)(void*, const void*), const void* operand, void* old) {
    if (working->owns(address))
        working->shared_atomic(address, bytes);
    else
        check_access(address, bytes, bytes, true);
    const std::lock_guard<std::mutex> lock(atomics);
    std::memcpy(old, address, bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, address, bytes);
    apply(&value, operand);
    std::memcpy(address, &value, bytes);
}

// Faults.
static std::mutex fault_mutex;
static std::string first_fault;
static bool any_fault = false;

void note_fault(const std::string& description) {
    const std::lock_guard<std::mutex> lock(fault_mutex);
    if (!any_fault) first_fault = description;
    any_fault = true;
}

bool faulted() {
    const std::lock_guard<std::mutex> lock(fault_mutex);
    return any_fault;
}

const char* last_fault() { return any_fault ? first_fault.c_str() : ""; }

void clear_fault() {
    const std::lock_guard<std::mutex> lock(fault_mutex);
    any_fault = false;
    first_fault.clear();
}

void fault(const char* kind, const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    note_fault(std::string(kind) + ": " + text + (working != nullptr ? ", by " + working->place() : ""));
    if (working != nullptr) working->abandon();
}

}  // namespace simt
