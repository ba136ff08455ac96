#include "block.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "access.h"
#include "fault.h"

namespace simt {

__thread Block* working = nullptr;

Block::Block() : fibers_(new Thread[kMaxThreads]) {
    mapping_ = static_cast<unsigned char*>(::operator new(kMaxShared + 2 * kShared_guard, std::align_val_t{1024}));
    shared_ = mapping_ + kShared_guard;
}

Block::~Block() { ::operator delete(mapping_, std::align_val_t{1024}); }

void Block::run(const Launch& launch, int index) {
    launch_ = &launch;
    index_ = index;
    threads_ = alive_ = static_cast<int>(launch.block);
    clock_.reset();
    shadow_.reset(launch.shared_bytes, instrumented());
    std::memset(shared_, 0xff, launch.shared_bytes);  // NaN in every floating type
    for (Barrier& barrier : barriers_) barrier = Barrier{};
    for (Warp& warp : warps_) warp = Warp{};
    for (int t = 0; t < threads_; ++t) {
        Thread& thread = fibers_[t];
        thread.exited = false;
        thread.waits_at = -1;
        thread.copies.clear();
        thread.copy_group = 0;
        thread.fiber.prepare(&Block::enter);
        warps_[t / kWarpSize].ready |= 1u << (t % kWarpSize);
    }
    running_ = 0;
    working = this;
    switch_fiber(scheduler_, fibers_[0].fiber);
    working = nullptr;
}

void Block::enter() {
    Block& block = *working;
    block.launch_->run(block.launch_->arguments.get());
    block.exit_thread();
}

void Block::abandon() {
    switch_fiber(current().fiber, scheduler_);
    __builtin_unreachable();
}

void Block::exit_thread() {
    current().exited = true;
    warps_[warp()].ready &= ~(1u << lane());
    if (--alive_ == 0) abandon();
    next();
    __builtin_unreachable();
}

// Lanes of the same warp first, from the present one on; then the other warps in turn.
void Block::next() {
    const int from = running_;
    const int warp_count = (threads_ + kWarpSize - 1) / kWarpSize;
    int w = warp();
    const std::uint32_t later = lane() == 31 ? 0 : warps_[w].ready & ~((2u << lane()) - 1u);
    std::uint32_t ready = later != 0 ? later : warps_[w].ready;
    for (int tried = 1; ready == 0 && tried < warp_count; ++tried) {
        w = w + 1 == warp_count ? 0 : w + 1;
        ready = warps_[w].ready;
    }
    if (ready == 0) stuck();
    const int to = w * kWarpSize + __builtin_ctz(ready);
    if (to == from) return;
    running_ = to;
    switch_fiber(fibers_[from].fiber, fibers_[to].fiber);
    running_ = from;
}

void Block::meet(const char* operation, std::uint32_t mask, void* arguments, Work work) {
    Warp& warp = warps_[this->warp()];
    const std::uint32_t self = 1u << lane();
    if ((mask & self) == 0) fault(kInactiveLane, "%s whose mask %08x lacks the lane that calls it", operation, mask);
    Meeting* meeting = nullptr;
    for (Meeting& m : warp.meetings) {
        if (m.arrived != 0 && (m.mask & mask) != 0) {
            if (m.mask != mask || m.operation != operation)
                fault(kInactiveLane, "%s (lanes %08x) while lanes %08x of its warp wait at %s (lanes %08x)", operation, mask,
                      m.arrived, m.operation, m.mask);
            meeting = &m;
            break;
        }
        if (m.arrived == 0 && meeting == nullptr) meeting = &m;
    }
    if (meeting == nullptr) fault(kInactiveLane, "%s in too many diverged parts of a warp", operation);
    meeting->mask = mask;
    meeting->operation = operation;
    meeting->lanes[lane()] = arguments;
    meeting->arrived |= self;
    if (meeting->arrived != mask) {
        warp.ready &= ~self;
        next();
        return;
    }
    work(meeting->lanes, mask, *this);
    meeting->arrived = 0;
    warp.ready |= mask;
}

void Block::warp_barrier(std::uint32_t mask) {
    // Only the whole warp's counts as ordering memory: nothing emitted needs more.
    meet("warp_barrier", mask, nullptr, [](void* const*, std::uint32_t all, Block& block) {
        if (all == ~0u) block.clock_.warp_barrier(block.warp());
    });
}

void Block::arrive(int id, int count, int line, bool wait) {
    if (id < 0 || id >= kBarriers) return fault(kDivergence, "barrier %d, of 0 … %d", id, kBarriers - 1);
    if (id == 0 && (count != threads_ || !wait)) return fault(kDivergence, "barrier 0 is the whole block's");
    Barrier& barrier = barriers_[id];
    if (barrier.arrived != 0 && barrier.count != count)
        fault(kDivergence, "barrier %d for %d threads at line %d, where others wait for %d at line %d", id, count, line,
              barrier.count, barrier.line);
    if (id == 0 && barrier.arrived != 0 && barrier.line != line)
        fault(kDivergence, "barrier at line %d while others of the block wait at the one at line %d", line, barrier.line);
    const bool whole_block = id == 0;
    // The instruction is one for all lanes of a warp: none goes on before all have come.
    if (!whole_block)
        meet("named barrier", ~0u, &barrier, [](void* const* lanes, std::uint32_t, Block& block) {
            block.clock_.release(block.warp(), static_cast<Barrier*>(lanes[0])->released);
        });
    barrier.count = count;
    barrier.line = line;
    ++barrier.arrived;
    const std::uint32_t self = 1u << lane();
    if (wait) barrier.waiting[warp()] |= self;
    if (barrier.arrived == count) return complete(barrier, whole_block);
    if (!wait) return;
    current().waits_at = id;
    current().line = line;
    warps_[warp()].ready &= ~self;
    next();
    current().waits_at = -1;
}

void Block::complete(Barrier& barrier, bool whole_block) {
    if (whole_block) clock_.block_barrier();
    for (int w = 0; w < kMaxWarps; ++w) {
        if (barrier.waiting[w] == 0) continue;
        if (!whole_block) clock_.acquire(w, barrier.released);
        warps_[w].ready |= barrier.waiting[w];
    }
    barrier = Barrier{};
}

void Block::stuck() {
    const auto name = [](int t) { return "thread " + std::to_string(t); };
    for (int t = 0; t < threads_; ++t) {
        const Warp& warp = warps_[t / kWarpSize];
        for (const Meeting& m : warp.meetings) {
            if (m.arrived == 0) continue;
            const int absent = t / kWarpSize * kWarpSize + __builtin_ctz(m.mask & ~m.arrived);
            const bool gone = absent >= threads_ || fibers_[absent].exited;
            fault(kInactiveLane, "%s of lanes %08x for which %s never comes: it %s", m.operation, m.mask,
                  name(absent).c_str(), absent >= threads_ ? "isn't in the block" : gone ? "has exited" : "waits at a barrier");
        }
    }
    for (int t = 0; t < threads_; ++t) {
        const Thread& waiter = fibers_[t];
        if (waiter.exited || waiter.waits_at < 0) continue;
        const Barrier& barrier = barriers_[waiter.waits_at];
        for (int u = 0; u < threads_; ++u) {
            const Thread& other = fibers_[u];
            if (!other.exited && other.waits_at == waiter.waits_at) continue;
            fault(kDivergence, "barrier %d at line %d, where %d of %d threads wait; %s %s", waiter.waits_at, waiter.line,
                  barrier.arrived, barrier.count, name(u).c_str(),
                  other.exited ? "has exited" : ("waits at line " + std::to_string(other.line)).c_str());
        }
        fault(kDivergence, "barrier %d at line %d waits for %d threads; the block has %d", waiter.waits_at, waiter.line,
              barrier.count, threads_);
    }
    fault(kDivergence, "no thread can go on");
}

void Block::copy_async(std::size_t offset, const unsigned char* data, int bytes) {
    CopyInFlight copy{offset, bytes, current().copy_group, {}};
    std::memcpy(copy.data, data, static_cast<std::size_t>(bytes));
    shadow_.begin_copy(offset, static_cast<std::size_t>(bytes), running_, clock_);
    current().copies.push_back(copy);
}

void Block::copy_async_wait(int groups_left) {
    Thread& thread = current();
    const int end = groups_left < 0 ? thread.copy_group + 1 : thread.copy_group - groups_left;
    const auto rest = std::find_if(thread.copies.begin(), thread.copies.end(), [=](const auto& c) { return c.group >= end; });
    for (auto copy = thread.copies.begin(); copy != rest; ++copy) {
        std::memcpy(shared_ + copy->offset, copy->data, static_cast<std::size_t>(copy->bytes));
        shadow_.end_copy(copy->offset, static_cast<std::size_t>(copy->bytes), running_, clock_);
    }
    thread.copies.erase(thread.copies.begin(), rest);
}

std::size_t Block::check_shared(const void* address, std::size_t bytes, std::size_t alignment, const char* what) {
    const auto offset = static_cast<std::ptrdiff_t>(static_cast<const unsigned char*>(address) - shared_);
    const auto size = static_cast<std::ptrdiff_t>(shared_bytes());
    if (offset < 0 || offset + static_cast<std::ptrdiff_t>(bytes) > size)
        fault(kOutOfBounds, "%s of %zu bytes at byte %td of the block's %td bytes of shared memory", what, bytes, offset, size);
    if (static_cast<std::size_t>(offset) % alignment != 0)
        fault(kMisaligned, "%s of %zu bytes at byte %td of shared memory", what, bytes, offset);
    return static_cast<std::size_t>(offset);
}

void Block::shared_access(const void* address, std::size_t bytes, std::size_t alignment, bool write) {
    const std::size_t offset = check_shared(address, bytes, alignment, write ? "write" : "read");
    if (write)
        shadow_.write(offset, bytes, running_, clock_);
    else
        shadow_.read(offset, bytes, running_, clock_);
}

void Block::shared_atomic(const void* address, std::size_t bytes) {
    shadow_.atomic(check_shared(address, bytes, bytes, "atomic"), bytes, running_, clock_);
}

std::string Block::place() const {
    char text[96];
    std::snprintf(text, sizeof text, "block %d, thread %d (warp %d, lane %d)", index_, running_, warp(), lane());
    return text;
}

}  // namespace simt
