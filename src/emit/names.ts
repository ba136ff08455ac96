/** Names in emitted C and C++. */

/** Words of C and C++, and their types and functions that emitted code uses without a namespace in front. */
const words = `alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl
  concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default
  delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long
  mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
  reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch
  template this thread_local throw true try typedef typeid typename typeof union unsigned using virtual void volatile
  wchar_t while xor xor_eq main int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t`;

/** Macros of the headers; those all in capitals are told by their look. */
const macros = `alloca assert be16toh be32toh be64toh complex d_fileno errno fpclassify htobe16 htobe32 htobe64 htole16
  htole32 htole64 i386 isfinite isgreater isgreaterequal isinf isless islessequal islessgreater isnan isnormal
  issubnormal isunordered le16toh le32toh le64toh linux major makedev math_errhandling minor offsetof
  omp_atv_default omp_capture_affinity omp_display_affinity omp_get_affinity_format omp_interop_none
  omp_set_affinity_format pthread_cleanup_pop pthread_cleanup_push sched_priority setjmp signbit st_atime st_ctime
  st_mtime stderr stdin stdout strdupa strndupa unix va_arg va_copy va_end va_start L_ctermid L_cuserid L_tmpnam
  P_tmpdir`;

/** Names of the project itself that are written without a qualifier where names of a model appear. */
const own = "lum std kernels i64 begin end check dims at Kernel Weights State Call Dims Launch Site Timing";

const reserved = new Set(`${words} ${macros} ${own}`.split(/\s+/));

/** `EOF`, `INT_MAX`, `M_PIf`, `PRId64`; and what begins like the compiler's own names, `_Bool`, `__x`. */
const reservedLooks = /^(?:[A-Z][A-Z0-9_]{2,}[a-z0-9]*|(?:PRI|SCN)[diouxX]\w*|_[A-Z_]\w*)$/;

/**
 * A name of the model as C and C++ can spell it: itself, or with a `_` behind it where it is taken. Different names
 * stay different, so that dims and loop variables are spelled alike wherever they appear.
 */
export function identifier(name: string): string {
  const stem = name.replace(/_+$/, "");
  return reserved.has(stem) || reservedLooks.test(stem) ? `${name}_` : name;
}

/** Headers of the platform and of the project, and targets of CMake: a model's header, library and program are others. */
const fileNames = new Set(
  `aio alloca ar assert byteswap complex cpio crypt ctype dirent dlfcn elf endian envz err errno error execinfo fcntl
  features fenv float fnmatch fstab fts ftw getopt glob grp iconv inttypes iso646 kernels langinfo libgen limits link
  locale malloc math memory model monetary mqueue netdb nss obstack omp paths poll printf program pthread pty pwd
  regex resolv sched search semaphore setjmp shadow signal spawn stdalign stdarg stdatomic stdbool stddef stdint
  stdio stdlib string strings syscall sysexits syslog tar termio termios tgmath threads time uchar ucontext ulimit
  unistd unwind utime values varargs wait wchar wctype wordexp all clean depend edit_cache help install objects
  package preinstall rebuild_cache test`.split(/\s+/),
);

/** The prefix of the C interface and the name of header, library and program: `tiny_gpt`, but `lum_math`. */
export function modelId(name: string): string {
  const id = snakeCase(name);
  return fileNames.has(id) ? `lum_${id}` : id;
}

/** `TinyGpt` → `tiny_gpt`, `Llama3B` → `llama3_b`: the prefix of the C interface and the names of files. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** `attention_q` → `AttentionQ`. */
export function pascalCase(name: string): string {
  return name
    .split("_")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}

/** The name, or the first of `x_2`, `x_3`, … that is free, before the suffix if there is one. */
export function untaken(
  wanted: string,
  taken: { readonly has: (name: string) => boolean },
  suffix = "",
): string {
  let name = identifier(wanted + suffix);
  const stem = wanted.replace(/_+$/, "");
  for (let count = 2; taken.has(name); count++) name = identifier(`${stem}_${count}${suffix}`);
  return name;
}

/** A name for each key, never a reserved word and never one given before: `x`, then `x_2`, then `x_3`, … */
export class Names {
  private readonly taken: Set<string>;
  private readonly byKey = new Map<string, string>();

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  give(key: string, wanted: string, suffix = ""): string {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const plain = wanted.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
    const name = untaken(plain, this.taken, suffix);
    this.taken.add(name);
    this.byKey.set(key, name);
    return name;
  }

  isTaken(name: string): boolean {
    return this.taken.has(name);
  }

  of(key: string): string {
    const name = this.byKey.get(key);
    if (name === undefined) throw new Error(`no name was given to ${key}`);
    return name;
  }
}
