// Work that the host has given to the device. It is done as late as it may be: when somebody waits for it, or for what
// comes after it in its stream or by an event. What lacks an order that it needs is so done in the wrong one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "cuda_runtime.h"

namespace simt {

using Work = std::function<cudaError_t()>;

class Queue;

// So many steps of a queue.
struct Mark {
    std::shared_ptr<Queue> queue;
    std::uint64_t number = 0;
};

// What a stream has yet to do, each step with what must be done before it beside the steps in front of it.
class Queue {
 public:
    std::uint64_t give(Work work, std::vector<Mark> after);
    void finish(std::uint64_t number);
    std::uint64_t given() const { return given_; }
    bool is_done(std::uint64_t number) const { return number <= done_; }

 private:
    struct Step {
        Work work;
        std::vector<Mark> after;
    };
    std::deque<Step> steps_;
    std::uint64_t given_ = 0, done_ = 0;
};

// Puts it behind all that is in the stream, or into what is being captured. The default stream waits for all others but
// those made by cudaStreamNonBlocking, and those wait for it.
cudaError_t enqueue(cudaStream_t, Work);
void finish(cudaStream_t);
void finish_all();

// The runtime's status, which cudaGetLastError hands out.
cudaError_t failed(cudaError_t);

}  // namespace simt
