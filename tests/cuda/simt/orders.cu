// What hosts do with streams, with one order forgotten each, beside a twin that has it. Prints a line per case: its name,
// whether the numbers come out right, or the status where a call says itself that it came too early.
#include <cstdio>
#include <cstring>
#include <vector>

#include "runtime/launch.cuh"

constexpr int kCount = 96;

__global__ void doubled(const float* x, float* y) {
    const int i = lum::block() * lum::threads() + lum::thread();
    if (i < kCount) y[i] = 2.0f * x[i];
}

// Two streams of their own, memory on the device, pinned and plain memory of the host.
struct Host {
    cudaStream_t first, second;
    cudaEvent_t event, later;
    float *x, *y, *z, *pinned;
    float plain[kCount], result[kCount] = {};

    explicit Host(unsigned flags = cudaStreamNonBlocking) {
        cudaStreamCreateWithFlags(&first, flags);
        cudaStreamCreateWithFlags(&second, flags);
        cudaEventCreate(&event);
        cudaEventCreate(&later);
        for (float** memory : {&x, &y, &z}) cudaMalloc(memory, sizeof plain);
        cudaMallocHost(&pinned, sizeof plain);
        for (int i = 0; i < kCount; ++i) pinned[i] = plain[i] = static_cast<float>(i);
    }
    ~Host() {
        cudaDeviceSynchronize();
        for (float* memory : {x, y, z}) cudaFree(memory);
        cudaFreeHost(pinned);
        cudaEventDestroy(event);
        cudaEventDestroy(later);
        cudaStreamDestroy(first);
        cudaStreamDestroy(second);
    }
    void bring(cudaStream_t stream) { cudaMemcpyAsync(x, pinned, sizeof plain, cudaMemcpyHostToDevice, stream); }
    void compute(const float* from, float* to, cudaStream_t stream) { lum::launch(doubled, 1, kCount, 0, stream, from, to); }
    void fetch(const float* from, cudaStream_t stream) {
        cudaMemcpyAsync(result, from, sizeof plain, cudaMemcpyDeviceToHost, stream);
    }
    bool is(float times) const {
        for (int i = 0; i < kCount; ++i)
            if (result[i] != times * static_cast<float>(i)) return false;
        return true;
    }
};

static void say(const char* name, bool right) { std::printf("%s %s\n", name, right ? "right" : "wrong"); }

static void one_stream(const char* name, bool waits) {
    Host h;
    h.bring(h.first);
    h.compute(h.x, h.y, h.first);
    h.fetch(h.y, h.first);
    cudaStreamSynchronize(waits ? h.first : h.second);
    say(name, h.is(2));
}

enum class Wait { none, behind_record, before_record, by_host };
static void two_streams(const char* name, Wait wait) {
    Host h;
    h.bring(h.first);
    if (wait == Wait::before_record) cudaStreamWaitEvent(h.second, h.event);
    h.compute(h.x, h.y, h.first);
    cudaEventRecord(h.event, h.first);
    h.bring(h.first);  // behind the event: nobody waits for it
    if (wait == Wait::behind_record) cudaStreamWaitEvent(h.second, h.event);
    if (wait == Wait::by_host) cudaEventSynchronize(h.event);
    h.compute(h.y, h.z, h.second);
    h.fetch(h.z, h.second);
    cudaStreamSynchronize(h.second);
    say(name, h.is(4));
}

// One piece of pinned memory for two copies.
static void staging(const char* name, bool waits) {
    Host h;
    h.bring(h.first);
    cudaEventRecord(h.event, h.first);
    if (waits) cudaEventSynchronize(h.event);
    std::memset(h.pinned, 0, sizeof h.plain);
    cudaMemcpyAsync(h.y, h.pinned, sizeof h.plain, cudaMemcpyHostToDevice, h.first);
    h.fetch(h.x, h.first);
    cudaStreamSynchronize(h.first);
    say(name, h.is(1));
}

// What the default stream is given, and a stream that waits for it or doesn't.
static void behind_default(const char* name, unsigned flags, bool waits) {
    Host h(flags);
    h.fetch(h.x, h.first);
    cudaMemcpy(h.x, h.plain, sizeof h.plain, cudaMemcpyHostToDevice);
    std::memset(h.plain, 0, sizeof h.plain);  // the copy has been made, wherever it is now
    if (waits) cudaDeviceSynchronize();
    h.compute(h.x, h.y, h.first);
    h.fetch(h.y, h.first);
    cudaStreamSynchronize(h.first);
    say(name, h.is(2));
}

static void before_default(const char* name, unsigned flags) {
    Host h(flags);
    h.bring(h.first);
    h.compute(h.x, h.y, h.first);
    cudaMemcpy(h.result, h.y, sizeof h.plain, cudaMemcpyDeviceToHost);
    say(name, h.is(2));
}

static void filled(const char* name, bool waits) {
    Host h;
    h.bring(nullptr);
    cudaDeviceSynchronize();
    cudaMemset(h.x, 0, sizeof h.plain);
    if (waits) cudaDeviceSynchronize();
    h.bring(h.first);
    cudaStreamSynchronize(h.first);
    cudaDeviceSynchronize();
    h.fetch(h.x, h.first);
    cudaStreamSynchronize(h.first);
    say(name, h.is(1));
}

static void replayed(const char* name, bool waits) {
    Host h;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaStreamBeginCapture(h.first, cudaStreamCaptureModeThreadLocal);
    h.compute(h.x, h.y, h.first);
    h.compute(h.y, h.z, h.first);
    cudaStreamEndCapture(h.first, &graph);
    cudaGraphInstantiate(&exec, graph);
    h.bring(h.first);
    cudaGraphLaunch(exec, h.first);
    h.fetch(h.z, waits ? h.first : h.second);
    cudaStreamSynchronize(waits ? h.first : h.second);
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
    say(name, h.is(4));
}

static void timed(const char* name, bool waits) {
    Host h;
    cudaEventRecord(h.event, h.first);
    h.compute(h.x, h.y, h.first);
    cudaEventRecord(h.later, h.first);
    if (waits) cudaEventSynchronize(h.later);
    float milliseconds = -1;
    const cudaError_t status = cudaEventElapsedTime(&milliseconds, h.event, h.later);
    std::printf("%s %s\n", name, status != cudaSuccess ? cudaGetErrorName(status) : milliseconds >= 0 ? "right" : "wrong");
    cudaGetLastError();
}

int main() {
    one_stream("waited_for", true);
    one_stream("another_stream_waited_for", false);
    two_streams("event_between", Wait::behind_record);
    two_streams("event_by_host", Wait::by_host);
    two_streams("event_forgotten", Wait::none);
    two_streams("event_before_its_record", Wait::before_record);
    staging("staging_waited_for", true);
    staging("staging_overwritten", false);
    behind_default("default_then_its_stream", cudaStreamDefault, false);
    behind_default("default_waited_for", cudaStreamNonBlocking, true);
    behind_default("default_then_own_stream", cudaStreamNonBlocking, false);
    before_default("stream_then_default", cudaStreamDefault);
    before_default("own_stream_then_default", cudaStreamNonBlocking);
    filled("fill_waited_for", true);
    filled("fill_too_late", false);
    replayed("graph_in_its_stream", true);
    replayed("graph_not_waited_for", false);
    timed("time_of_what_is_done", true);
    timed("time_of_what_is_under_way", false);
}
