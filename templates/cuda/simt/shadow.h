// What has happened to each byte of a block's shared memory: who wrote it, who read it, and when. Time is a counter that
// moves at every synchronisation of the block. Two accesses of different threads, one of them a write, are ordered only
// by a barrier between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace simt {

using Time = std::uint32_t;

constexpr int kWarpSize = 32;
constexpr int kMaxWarps = 32;

// Which accesses of one warp another one knows to be over. A warp knows of its own other lanes through warp barriers.
class Clock {
 public:
    void reset();
    Time now() const { return now_; }

    void block_barrier() { block_ = now_++; }
    void warp_barrier(int warp) { known_[warp][warp] = now_++; }

    // Named barriers: what every arriving warp knows, handed to those that wait.
    struct Released {
        Time known[kMaxWarps];
    };
    void release(int warp, Released&);
    void acquire(int warp, const Released&);

    // Whether what `warp` did at `time` is over for `reader`.
    bool ordered(Time time, int warp, int reader) const { return time <= block_ || time <= known_[reader][warp]; }

 private:
    Time now_ = 1;
    Time block_ = 0;
    Time known_[kMaxWarps][kMaxWarps] = {};
};

class Shadow {
 public:
    // Where not every write is seen (access.h), only asynchronous copies under way are known.
    void reset(std::size_t bytes, bool all_writes_seen);
    std::size_t bytes() const { return cells_.size(); }

    // Accesses of `thread`; a fault where one isn't allowed.
    void read(std::size_t offset, std::size_t bytes, int thread, const Clock&);
    void write(std::size_t offset, std::size_t bytes, int thread, const Clock&);
    // Read-modify-write: not a race with others of its kind.
    void atomic(std::size_t offset, std::size_t bytes, int thread, const Clock&);
    // An asynchronous copy begins to write, and has written.
    void begin_copy(std::size_t offset, std::size_t bytes, int thread, const Clock&);
    void end_copy(std::size_t offset, std::size_t bytes, int thread, const Clock&);

 private:
    enum State : std::uint8_t { kUnwritten, kWritten, kAtomic, kCopying };
    static constexpr std::uint16_t kNobody = 0xffff, kSeveral = 0xfffe;
    struct Cell {
        Time written = 0, read = 0;
        std::uint16_t writer = kNobody;
        std::uint16_t reader = kNobody;     // kSeveral: lanes of the warps in reader_warps
        std::uint32_t reader_warps = 0;
        State state = kUnwritten;
    };
    static bool over(Time, int by, int thread, const Clock&);
    static bool reads_over(const Cell&, int thread, const Clock&);
    void check_write(const Cell&, std::size_t offset, int thread, const Clock&, bool atomic);
    std::vector<Cell> cells_;
    bool all_writes_seen_ = true;
};

}  // namespace simt
