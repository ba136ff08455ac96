// What a test program prints: one line of JSON for each subject, with the first failure in words.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

class Subject {
public:
    explicit Subject(std::string name) : name_(std::move(name)) {}
    ~Subject() {
        std::printf("{\"subject\":\"%s\",\"cases\":%ld,\"failures\":%ld,\"first\":\"%s\"}\n", name_.c_str(), cases_,
                    failures_, first_.c_str());
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    __attribute__((format(printf, 3, 4))) void expect(bool right, const char* format, ...) {
        ++cases_;
        if (right) return;
        if (failures_++ > 0) return;
        char text[256];
        std::va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        first_ = text;
    }

private:
    std::string name_;
    long cases_ = 0, failures_ = 0;
    std::string first_;
};

// Small reproducible numbers.
class Random {
public:
    unsigned next() { return state_ = state_ * 1664525u + 1013904223u; }
    long below(long limit) { return static_cast<long>((static_cast<unsigned long>(next()) * limit) >> 32); }
    long between(long low, long high) { return low + below(high - low + 1); }

private:
    unsigned state_ = 12345u;
};

inline bool has_flag(int argc, char** argv, const char* flag) {
    for (int i = 1; i < argc; ++i)
        if (std::strcmp(argv[i], flag) == 0) return true;
    return false;
}
