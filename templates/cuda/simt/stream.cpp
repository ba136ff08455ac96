// Streams, events and graphs of the runtime API.
#include "stream.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "fault.h"

struct simt_Graph {
    std::vector<simt::Work> steps;
};
struct simt_GraphExec : simt_Graph {};
struct simt_Stream {
    std::shared_ptr<simt::Queue> queue;
    simt_Graph* capturing = nullptr;
};
struct simt_Event {
    // As long as a record of it is under way.
    struct Time {
        std::chrono::steady_clock::time_point at;
        bool is_known = false;
    };
    std::shared_ptr<Time> time = std::make_shared<Time>();
    simt::Mark record;
};

namespace simt {

// Whoever gives work or waits for it; a step of the work may give some, too.
static std::recursive_mutex mutex;
using Lock = std::lock_guard<std::recursive_mutex>;

static const std::shared_ptr<Queue> default_queue = std::make_shared<Queue>();
struct Known {
    std::weak_ptr<Queue> queue;
    bool waits_for_default;
};
static std::vector<Known> queues;

std::uint64_t Queue::give(Work work, std::vector<Mark> after) {
    steps_.push_back({std::move(work), std::move(after)});
    return ++given_;
}

void Queue::finish(std::uint64_t number) {
    while (done_ < number && !steps_.empty()) {
        const Step step = std::move(steps_.front());
        steps_.pop_front();
        for (const Mark& mark : step.after) mark.queue->finish(mark.number);
        step.work();
        ++done_;
    }
}

static bool waits_for_default(const Queue& queue) {
    for (const Known& known : queues)
        if (known.queue.lock().get() == &queue) return known.waits_for_default;
    return false;
}

// What a step that is given now comes after, beside what is in its own queue.
static std::vector<Mark> implied(const std::shared_ptr<Queue>& queue) {
    std::vector<Mark> after;
    if (queue == default_queue) {
        for (const Known& known : queues)
            if (const auto other = known.queue.lock(); other != nullptr && known.waits_for_default)
                after.push_back({other, other->given()});
    } else if (waits_for_default(*queue)) {
        after.push_back({default_queue, default_queue->given()});
    }
    return after;
}

static const std::shared_ptr<Queue>& queue_of(cudaStream_t stream) {
    return stream == nullptr ? default_queue : stream->queue;
}

static Mark give(cudaStream_t stream, Work work, const Mark& also = {}) {
    const auto& queue = queue_of(stream);
    std::vector<Mark> after = implied(queue);
    if (also.queue != nullptr) after.push_back(also);
    return {queue, queue->give(std::move(work), std::move(after))};
}

cudaError_t enqueue(cudaStream_t stream, Work work) {
    const Lock lock(mutex);
    if (stream != nullptr && stream->capturing != nullptr)
        stream->capturing->steps.push_back(std::move(work));
    else
        give(stream, std::move(work));
    return cudaSuccess;
}

void finish(cudaStream_t stream) {
    const Lock lock(mutex);
    const auto queue = queue_of(stream);
    for (const Mark& mark : implied(queue)) mark.queue->finish(mark.number);
    queue->finish(queue->given());
}

void finish_all() {
    const Lock lock(mutex);
    default_queue->finish(default_queue->given());
    for (const Known& known : std::vector<Known>(queues))
        if (const auto queue = known.queue.lock()) queue->finish(queue->given());
}

static cudaError_t status() { return faulted() ? failed(cudaErrorLaunchFailure) : cudaSuccess; }

}  // namespace simt

using simt::failed;
using simt::Lock;

cudaError_t cudaDeviceSynchronize() {
    simt::finish_all();
    return simt::status();
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    const Lock lock(simt::mutex);
    *stream = new simt_Stream{std::make_shared<simt::Queue>()};
    auto& known = simt::queues;
    const auto is_gone = [](const simt::Known& other) { return other.queue.expired(); };
    known.erase(std::remove_if(known.begin(), known.end(), is_gone), known.end());
    known.push_back({(*stream)->queue, (flags & cudaStreamNonBlocking) == 0});
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    simt::finish(stream);
    delete stream;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (stream != nullptr && stream->capturing != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
    simt::finish(stream);
    return simt::status();
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    const Lock lock(simt::mutex);
    if (stream != nullptr && stream->capturing != nullptr) return failed(cudaErrorNotSupported);
    simt::give(stream, [] { return cudaSuccess; }, event->record);
    return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
    return simt::enqueue(stream, [=] {
        function(argument);
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = new simt_Event;
    return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    const Lock lock(simt::mutex);
    const auto note = [time = event->time] {
        *time = {std::chrono::steady_clock::now(), true};
        return cudaSuccess;
    };
    if (stream != nullptr && stream->capturing != nullptr) return simt::enqueue(stream, note);
    event->time->is_known = false;
    event->record = simt::give(stream, note);
    return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    const Lock lock(simt::mutex);
    if (event->record.queue != nullptr) event->record.queue->finish(event->record.number);
    return simt::status();
}
// The device is never found at work: who asks until it is done would wait for ever.
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
    const Lock lock(simt::mutex);
    if (!from->time->is_known || !to->time->is_known) return failed(cudaErrorNotReady);
    *milliseconds = std::chrono::duration<float, std::milli>(to->time->at - from->time->at).count();
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    const Lock lock(simt::mutex);
    if (stream == nullptr || stream->capturing != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
    stream->capturing = new simt_Graph;
    return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    const Lock lock(simt::mutex);
    if (stream == nullptr || stream->capturing == nullptr) return failed(cudaErrorInvalidValue);
    *graph = stream->capturing;
    stream->capturing = nullptr;
    return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
    *exec = new simt_GraphExec{*graph};
    return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    if (simt::faulted()) return failed(cudaErrorLaunchFailure);
    for (const simt::Work& step : exec->steps) simt::enqueue(stream, step);
    return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    delete exec;
    return cudaSuccess;
}
