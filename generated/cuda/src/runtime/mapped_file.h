// A whole file mapped read-only into memory, unmapped when it goes out of scope (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fault.h"

namespace lum {

// The operating system's words for the error that the last call reported.
inline std::string system_reason() { return std::strerror(errno); }

// A file descriptor that closes itself.
class FileHandle {
 public:
    explicit FileHandle(int descriptor = -1) : descriptor_(descriptor) {}
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileHandle() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    int get() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }

 private:
    int descriptor_;
};

class MappedFile {
 public:
    MappedFile() = default;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    MappedFile(MappedFile&& other) noexcept { swap(other); }
    MappedFile& operator=(MappedFile&& other) noexcept {
        swap(other);
        return *this;
    }
    ~MappedFile() {
        if (data_ != nullptr) ::munmap(data_, size_);
    }

    // Maps `path`. An empty file is mapped as no bytes. The mapping outlives the file's name.
    static Fault open(const std::string& path, MappedFile& out) {
        FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file.is_open() || ::fstat(file.get(), &status) != 0) return cannot_open(path, system_reason());
        if (!S_ISREG(status.st_mode)) return cannot_open(path, "not a regular file");
        MappedFile mapped;
        mapped.path_ = path;
        mapped.size_ = static_cast<size_t>(status.st_size);
        mapped.modified_ns_ = modified_ns(status);
        if (mapped.size_ > 0) {
            void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_SHARED, file.get(), 0);
            if (data == MAP_FAILED) return cannot_open(path, sentence({"mmap: ", system_reason()}));
            mapped.data_ = data;
        }
        out = std::move(mapped);
        return {};
    }

    const std::string& path() const { return path_; }
    const unsigned char* data() const { return static_cast<const unsigned char*>(data_); }
    size_t size() const { return size_; }
    int64_t modified_ns() const { return modified_ns_; }

 private:
    static Fault cannot_open(const std::string& path, const std::string& reason) {
        return {"LUM6101", sentence({"cannot open ", quoted(path), ": ", reason}),
                "check the path and that you may read it"};
    }

    static int64_t modified_ns(const struct stat& status) {
#ifdef __APPLE__
        const struct timespec& time = status.st_mtimespec;
#else
        const struct timespec& time = status.st_mtim;
#endif
        return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
    }

    void swap(MappedFile& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(modified_ns_, other.modified_ns_);
    }

    std::string path_;
    void* data_ = nullptr;
    size_t size_ = 0;
    int64_t modified_ns_ = 0;
};

}  // namespace lum
