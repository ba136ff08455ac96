#include "shadow.h"

#include <algorithm>
#include <cstring>

#include "fault.h"

namespace simt {

void Clock::reset() {
    now_ = 1;
    block_ = 0;
    std::memset(known_, 0, sizeof known_);
}

void Clock::release(int warp, Released& released) {
    released.known[warp] = now_++;
    for (int v = 0; v < kMaxWarps; ++v)
        if (v != warp) released.known[v] = std::max(released.known[v], known_[warp][v]);
}

void Clock::acquire(int warp, const Released& released) {
    for (int v = 0; v < kMaxWarps; ++v) known_[warp][v] = std::max(known_[warp][v], released.known[v]);
}

void Shadow::reset(std::size_t bytes, bool all_writes_seen) {
    cells_.assign(bytes, Cell{});
    all_writes_seen_ = all_writes_seen;
}

bool Shadow::over(Time time, int by, int thread, const Clock& clock) {
    return by == thread || clock.ordered(time, by / kWarpSize, thread / kWarpSize);
}

bool Shadow::reads_over(const Cell& cell, int thread, const Clock& clock) {
    if (cell.reader == kNobody) return true;
    if (cell.reader != kSeveral) return over(cell.read, cell.reader, thread, clock);
    for (std::uint32_t warps = cell.reader_warps; warps != 0; warps &= warps - 1)
        if (!clock.ordered(cell.read, __builtin_ctz(warps), thread / kWarpSize)) return false;
    return true;
}

void Shadow::read(std::size_t offset, std::size_t bytes, int thread, const Clock& clock) {
    for (std::size_t i = offset; i < offset + bytes; ++i) {
        Cell& cell = cells_[i];
        if (cell.state == kCopying)
            fault(kPendingCopy, "read of shared memory at byte %zu, whose asynchronous copy by thread %d hasn't been waited for",
                  i, cell.writer);
        if (!all_writes_seen_) continue;
        if (cell.state == kUnwritten) fault(kUninitialized, "read of shared memory at byte %zu, which nothing has written", i);
        if (!over(cell.written, cell.writer, thread, clock))
            fault(kRace, "read of shared memory at byte %zu, written by thread %d with no barrier in between", i, cell.writer);
        if (reads_over(cell, thread, clock)) {
            cell.reader = static_cast<std::uint16_t>(thread);
        } else if (cell.reader != thread) {
            if (cell.reader != kSeveral) cell.reader_warps = 1u << (cell.reader / kWarpSize);
            cell.reader = kSeveral;
            cell.reader_warps |= 1u << (thread / kWarpSize);
        }
        cell.read = clock.now();
    }
}

void Shadow::check_write(const Cell& cell, std::size_t i, int thread, const Clock& clock, bool atomic) {
    if (cell.state == kUnwritten && cell.reader == kNobody) return;
    if (cell.state == kCopying)
        fault(kRace, "write of shared memory at byte %zu, to which an asynchronous copy by thread %d is under way", i,
              cell.writer);
    if (!(atomic && cell.state == kAtomic) && !over(cell.written, cell.writer, thread, clock))
        fault(kRace, "write of shared memory at byte %zu, written by thread %d with no barrier in between", i, cell.writer);
    if (!reads_over(cell, thread, clock)) {
        if (cell.reader == kSeveral)
            fault(kRace, "write of shared memory at byte %zu, read by several threads with no barrier in between", i);
        fault(kRace, "write of shared memory at byte %zu, read by thread %d with no barrier in between", i, cell.reader);
    }
}

void Shadow::write(std::size_t offset, std::size_t bytes, int thread, const Clock& clock) {
    if (!all_writes_seen_) return;
    for (std::size_t i = offset; i < offset + bytes; ++i) {
        check_write(cells_[i], i, thread, clock, false);
        cells_[i] = Cell{clock.now(), 0, static_cast<std::uint16_t>(thread), kNobody, 0, kWritten};
    }
}

void Shadow::atomic(std::size_t offset, std::size_t bytes, int thread, const Clock& clock) {
    if (!all_writes_seen_) return;
    for (std::size_t i = offset; i < offset + bytes; ++i) {
        if (cells_[i].state == kUnwritten)
            fault(kUninitialized, "atomic on shared memory at byte %zu, which nothing has written", i);
        check_write(cells_[i], i, thread, clock, true);
        cells_[i] = Cell{clock.now(), 0, static_cast<std::uint16_t>(thread), kNobody, 0, kAtomic};
    }
}

void Shadow::begin_copy(std::size_t offset, std::size_t bytes, int thread, const Clock& clock) {
    for (std::size_t i = offset; i < offset + bytes; ++i) {
        if (all_writes_seen_) check_write(cells_[i], i, thread, clock, false);
        cells_[i] = Cell{clock.now(), 0, static_cast<std::uint16_t>(thread), kNobody, 0, kCopying};
    }
}

void Shadow::end_copy(std::size_t offset, std::size_t bytes, int thread, const Clock& clock) {
    for (std::size_t i = offset; i < offset + bytes; ++i)
        cells_[i] = Cell{clock.now(), 0, static_cast<std::uint16_t>(thread), kNobody, 0, kWritten};
}

}  // namespace simt
