// Accesses of up to 16 bytes: as many elements at once as that holds of the storage type.
#pragma once

#include <type_traits>

#include "types.cuh"

namespace lum {

// Elements of T in 16 bytes.
template <class T>
constexpr int kVector = 16 / static_cast<int>(sizeof(T));

// N elements that are loaded and stored at once; N * sizeof(T) is 4, 8 or 16, and addresses are multiples of it.
template <class T, int N>
struct alignas(N * sizeof(T)) Vector {
    static_assert(N * sizeof(T) == 4 || N * sizeof(T) == 8 || N * sizeof(T) == 16, "what the hardware moves at once");
    T element[N];
    __device__ float operator[](int i) const { return to_float(element[i]); }
    __device__ void set(int i, float value) { element[i] = from_float<T>(value); }
};

// 4, 8 or 16 bytes as words.
template <int Bytes>
using WordOf = std::conditional_t<Bytes == 16, Word4, std::conditional_t<Bytes == 8, Word2, Word1>>;

template <class T, int N>
__device__ inline Vector<T, N> load_vector(const T* from) {
    return __builtin_bit_cast(Vector<T, N>, load_word<WordOf<N * sizeof(T)>>(from));
}
// For data that nothing reads a second time.
template <class T, int N>
__device__ inline Vector<T, N> load_vector_once(const T* from) {
    return __builtin_bit_cast(Vector<T, N>, load_word_once<WordOf<N * sizeof(T)>>(from));
}
template <class T, int N>
__device__ inline void store_vector(T* to, Vector<T, N> value) {
    store_word(to, __builtin_bit_cast(WordOf<N * sizeof(T)>, value));
}

// Whether a pointer may be accessed 16 bytes at a time, and stays so from row to row.
template <class T>
__device__ inline bool aligned16(const T* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; }

}  // namespace lum
