/*
 * Gpt: the C interface of libgpt.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. gpt_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef GPT_H
#define GPT_H

#include <stdint.h>

#if defined(__GNUC__)
#define GPT_API __attribute__((visibility("default")))
#else
#define GPT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct gpt_model gpt_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see gpt_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.gpt.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} gpt_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
GPT_API int gpt_create(const char* weights, const gpt_options* options, gpt_model** model);

/* Frees it all. NULL is fine. */
GPT_API void gpt_destroy(gpt_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
GPT_API const char* gpt_error(const gpt_model* model);

/*
 * forward
 *   s: 1..256
 *   pos: 0..256 - s
 *   tokens: in, i32[s]
 *   logits: out, f32[1536]
 */
GPT_API int gpt_forward(gpt_model* model, int64_t s, int64_t pos, const int32_t* tokens, float* logits);

/*
 * State: survives from call to call. bytes must be the size of the whole state.
 *   k_cache: f32[5, 256, 5, 32], 800 KiB
 *   v_cache: f32[5, 256, 5, 32], 800 KiB
 */
GPT_API int gpt_read_state(gpt_model* model, const char* name, void* data, int64_t bytes);
GPT_API int gpt_write_state(gpt_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
GPT_API int gpt_reset_state(gpt_model* model, const char* name);

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
} gpt_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} gpt_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const gpt_dim* dims;
    const gpt_tensor* inputs;
    const gpt_tensor* outputs;
    const gpt_tensor* taps;
} gpt_entry;

/* All entries; count may be NULL. */
GPT_API const gpt_entry* gpt_entries(int32_t* count);
GPT_API const gpt_entry* gpt_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
GPT_API int gpt_run(gpt_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
GPT_API int gpt_read_tap(gpt_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} gpt_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
GPT_API int32_t gpt_timings(const gpt_model* model, gpt_timing* timings, int32_t room);
GPT_API void gpt_reset_timings(gpt_model* model);

#ifdef __cplusplus
}
#endif

#endif
