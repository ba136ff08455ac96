// A block at work: its threads as fibers, who waits for what, its shared memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fiber.h"
#include "shadow.h"
#include "simt.h"

namespace simt {

constexpr int kMaxThreads = kMaxWarps * kWarpSize;
constexpr int kBarriers = 16;
constexpr std::size_t kMaxShared = 228 * 1024;

struct CopyInFlight {
    std::size_t offset;
    int bytes;
    int group;
    unsigned char data[16];
};

struct Thread {
    Fiber fiber;
    bool exited = false;
    int waits_at = -1;  // barrier
    int line = 0;       // of that barrier
    std::vector<CopyInFlight> copies;
    int copy_group = 0;
};

// Lanes on their way to one warp operation.
struct Meeting {
    std::uint32_t mask = 0, arrived = 0;
    const char* operation = nullptr;
    void* lanes[kWarpSize];
};

struct Warp {
    std::uint32_t ready = 0;  // lanes that can go on
    Meeting meetings[4];      // of disjoint sets of lanes
};

struct Barrier {
    int count = 0, arrived = 0, line = 0;
    std::uint32_t waiting[kMaxWarps] = {};
    Clock::Released released = {};
};

class Block {
 public:
    Block();
    ~Block();

    // Runs block `index` of the launch to its end, or to the first fault.
    void run(const Launch&, int index);

    int thread() const { return running_; }
    int lane() const { return running_ % kWarpSize; }
    int warp() const { return running_ / kWarpSize; }
    int threads() const { return threads_; }
    int index() const { return index_; }
    const Launch& launch() const { return *launch_; }
    Thread& current() { return fibers_[running_]; }

    void arrive(int id, int count, int line, bool wait);
    void warp_barrier(std::uint32_t mask);

    // Each lane of `mask` brings its `arguments`; the last one to come does the work for all.
    using Work = void (*)(void* const* lanes, std::uint32_t mask, Block&);
    void meet(const char* operation, std::uint32_t mask, void* arguments, Work);

    void copy_async(std::size_t offset, const unsigned char* data, int bytes);
    void copy_async_commit() { ++current().copy_group; }
    void copy_async_wait(int groups_left);

    // Whether an address lies in the mapping of this block's shared memory, legal part or not.
    bool owns(const void* address) const {
        return address >= shared_ - kShared_guard && address < shared_ + kMaxShared + kShared_guard;
    }
    unsigned char* shared_memory() { return shared_; }
    std::size_t shared_bytes() const { return shadow_.bytes(); }
    // Bounds, alignment, then the shadow; returns the offset.
    std::size_t check_shared(const void* address, std::size_t bytes, std::size_t alignment, const char* what);
    void shared_access(const void* address, std::size_t bytes, std::size_t alignment, bool write);
    void shared_atomic(const void* address, std::size_t bytes);

    // Leaves every fiber where it is and ends run().
    [[noreturn]] void abandon();

    // "block 3, thread 17 (warp 0, lane 17)".
    std::string place() const;

 private:
    static constexpr std::size_t kShared_guard = 4096;
    static void enter();
    void yield();      // to the next thread that can go on
    void next();       // the same, without the present one staying ready
    void exit_thread();
    void stuck();      // nothing can go on: says why
    void complete(Barrier&, bool whole_block);

    std::unique_ptr<Thread[]> fibers_;
    Fiber scheduler_;
    Warp warps_[kMaxWarps];
    Barrier barriers_[kBarriers];
    Clock clock_;
    Shadow shadow_;
    unsigned char* mapping_;
    unsigned char* shared_;
    const Launch* launch_ = nullptr;
    int threads_ = 0, index_ = 0, running_ = 0, alive_ = 0;
};

// The block whose kernel this OS thread is running, or null.
extern __thread Block* working;

}  // namespace simt
