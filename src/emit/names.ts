/** Names in emitted C and C++. */

/** Words that C, C++ or their headers keep for themselves in the places where names of a model appear. */
const reserved = new Set(
  `alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class compl
  concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default
  delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long
  mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
  reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch
  template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
  wchar_t while xor xor_eq NULL EOF errno assert stdin stdout stderr unix linux i386 lum std kernels`.split(
    /\s+/,
  ),
);

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

/** A name for each key, never a reserved word and never one given before: `x`, then `x_`, then `x_2`, … */
export class Names {
  private readonly taken: Set<string>;
  private readonly byKey = new Map<string, string>();

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  give(key: string, wanted: string): string {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const plain = wanted.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
    let name = plain;
    for (let count = 1; reserved.has(name) || this.taken.has(name); count++)
      name = count === 1 ? `${plain}_` : `${plain}_${count}`;
    this.taken.add(name);
    this.byKey.set(key, name);
    return name;
  }

  of(key: string): string {
    const name = this.byKey.get(key);
    if (name === undefined) throw new Error(`no name was given to ${key}`);
    return name;
  }
}
