// What a family's test program prints: a line of JSON per subject, with the first failure in words. And its operands:
// small reproducible numbers in any storage type, in memory exactly as long as the operand.
#pragma once

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "runtime/launch.cuh"
#include "runtime/types.cuh"

using lum::i64;

class Subject {
public:
    explicit Subject(std::string name) : name_(std::move(name)) {}
    ~Subject() {
        std::printf("{\"subject\":\"%s\",\"cases\":%ld,\"failures\":%ld,\"worst\":%.3g,\"first\":\"%s\"}\n", name_.c_str(),
                    cases_, failures_, worst_, first_.c_str());
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    __attribute__((format(printf, 3, 4))) void expect(bool right, const char* format, ...) {
        ++cases_;
        if (right) return;
        if (failures_++ > 0) return;
        char text[400];
        std::va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        first_ = text;
    }

    // value against exact, within `tolerance` of the sum of the magnitudes that went into it.
    void close(double value, double exact, double magnitude, double tolerance, const std::string& where) {
        const double error = std::fabs(value - exact) / (magnitude + 1e-30);
        if (error > worst_) worst_ = error;
        expect(value == exact || error <= tolerance, "%s: %g for %g", where.c_str(), value, exact);
    }

    // A launch without a fault.
    // Waits for what has been launched.
    void ran(cudaError_t error, const std::string& where) {
        if (error == cudaSuccess) error = cudaDeviceSynchronize();
        expect(error == cudaSuccess, "%s: %s", where.c_str(), cudaGetErrorString(error));
        simt::clear_fault();
    }

private:
    std::string name_;
    long cases_ = 0, failures_ = 0;
    double worst_ = 0;
    std::string first_;
};

class Random {
public:
    explicit Random(unsigned seed = 12345u) : state_(seed) {}
    unsigned next() {
        state_ = state_ * 1664525u + 1013904223u;
        return state_ >> 8;
    }
    float unit() { return static_cast<float>(next() % 2001) / 1000.0f - 1.0f; }  // -1 … 1

private:
    unsigned state_;
};

// Device memory for `count` elements, freed at the end of the scope.
template <class T>
class Buffer {
public:
    explicit Buffer(i64 count) : count_(count) { cudaMalloc(&data_, static_cast<std::size_t>(count) * sizeof(T)); }
    ~Buffer() { cudaFree(data_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    T* get() const { return data_; }
    T& operator[](i64 i) const { return data_[i]; }
    i64 count() const { return count_; }
    void randomize(Random& random) const {
        for (i64 i = 0; i < count_; ++i) {
            if constexpr (std::is_integral_v<T>) data_[i] = static_cast<T>(127.0f * random.unit());
            else data_[i] = lum::from_float<T>(random.unit());
        }
    }

private:
    T* data_ = nullptr;
    i64 count_;
};

template <class T>
const char* type_name() {
    if constexpr (std::is_same_v<T, float>) return "f32";
    else if constexpr (std::is_same_v<T, lum::bf16>) return "bf16";
    else if constexpr (std::is_same_v<T, lum::f16>) return "f16";
    else if constexpr (std::is_same_v<T, lum::f8e4m3>) return "f8e4m3";
    else if constexpr (std::is_same_v<T, lum::f8e5m2>) return "f8e5m2";
    else return "i8";
}
