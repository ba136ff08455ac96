// Times of kernels by events, and the Chrome trace that LUM_TRACE=file.json asks for.
#pragma once

#include <cuda_runtime.h>

#include <cstdio>
#include <string>
#include <vector>

namespace lum {

class Timeline {
 public:
    Timeline() = default;
    Timeline(const Timeline&) = delete;
    Timeline& operator=(const Timeline&) = delete;
    ~Timeline() {
        for (cudaEvent_t event : events_) static_cast<void>(cudaEventDestroy(event));
        if (file_ == nullptr) return;
        std::fputs("\n]}\n", file_);
        std::fclose(file_);
    }

    // False where the file can't be written.
    bool trace_to(const char* path) {
        file_ = std::fopen(path, "w");
        if (file_ == nullptr) return false;
        std::fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", file_);
        return true;
    }

    void begin(cudaStream_t stream) { mark(stream); }
    void end(cudaStream_t stream, int kernel) {
        mark(stream);
        kernels_.push_back(kernel);
    }

    // After the stream has run dry: note(kernel, seconds) for every launch since the last time, in order.
    template <class Name, class Note>
    void collect(Name&& name, Note&& note) {
        for (size_t i = 0; i < kernels_.size(); ++i) {
            float start = 0, took = 0;
            static_cast<void>(cudaEventElapsedTime(&start, events_[0], events_[2 * i]));
            static_cast<void>(cudaEventElapsedTime(&took, events_[2 * i], events_[2 * i + 1]));
            note(kernels_[i], took * 1e-3);
            if (file_ == nullptr) continue;
            std::fprintf(file_, "%s\n{\"name\": \"%s\", \"ph\": \"X\", \"pid\": 0, \"tid\": 0, \"ts\": %.3f, \"dur\": %.3f}",
                         written_++ == 0 ? "" : ",", name(kernels_[i]), offset_ + start * 1e3, took * 1e3);
            last_ = offset_ + (start + took) * 1e3;
        }
        offset_ = last_;
        kernels_.clear();
        used_ = 0;
    }

 private:
    void mark(cudaStream_t stream) {
        if (used_ == events_.size()) {
            events_.push_back(nullptr);
            static_cast<void>(cudaEventCreate(&events_.back()));
        }
        static_cast<void>(cudaEventRecord(events_[used_++], stream));
    }

    std::vector<cudaEvent_t> events_;
    size_t used_ = 0;
    std::vector<int> kernels_;
    std::FILE* file_ = nullptr;
    size_t written_ = 0;
    double offset_ = 0, last_ = 0;  // microseconds: calls stand one after the other
};

}  // namespace lum
