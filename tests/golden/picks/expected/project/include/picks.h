/*
 * Picks: the C interface of libpicks.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. picks_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef PICKS_H
#define PICKS_H

#include <stdint.h>

#if defined(__GNUC__)
#define PICKS_API __attribute__((visibility("default")))
#else
#define PICKS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct picks_model picks_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see picks_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.picks.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} picks_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
PICKS_API int picks_create(const char* weights, const picks_options* options, picks_model** model);

/* Frees it all. NULL is fine. */
PICKS_API void picks_destroy(picks_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
PICKS_API const char* picks_error(const picks_model* model);

/*
 * forward
 *   n: 1..16
 *   x: in, f32[n, 8]
 *   gate: in, f32[n, 5]
 *   y: out, f32[n, 6]
 *   chosen: out, i32[n, 2]
 */
PICKS_API int picks_forward(picks_model* model, int64_t n, const float* x, const float* gate, float* y, int32_t* chosen);

/*
 * State: survives from call to call; this model has none. bytes must be the size of the whole state.
 */
PICKS_API int picks_read_state(picks_model* model, const char* name, void* data, int64_t bytes);
PICKS_API int picks_write_state(picks_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
PICKS_API int picks_reset_state(picks_model* model, const char* name);

/*
 * What the model looks like, for programs that take any: main.cpp, verify.cpp and bench.cpp use nothing else.
 */
typedef struct {
    const char* name;
    const char* dtype;      /* "f32", "bf16", "i32", ... */
    int32_t element_bytes;
    int32_t rank;
    const char* text;       /* "f32[s, 64]" */
    /* Fills shape[0..rank - 1], given the entry's dims in order. */
    void (*sizes)(const int64_t* dims, int64_t* shape);
} picks_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} picks_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const picks_dim* dims;
    const picks_tensor* inputs;
    const picks_tensor* outputs;
    const picks_tensor* taps;
} picks_entry;

/* All entries; count may be NULL. */
PICKS_API const picks_entry* picks_entries(int32_t* count);
PICKS_API const picks_entry* picks_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
PICKS_API int picks_run(picks_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
PICKS_API int picks_read_tap(picks_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} picks_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
PICKS_API int32_t picks_timings(const picks_model* model, picks_timing* timings, int32_t room);
PICKS_API void picks_reset_timings(picks_model* model);

#ifdef __cplusplus
}
#endif

#endif
