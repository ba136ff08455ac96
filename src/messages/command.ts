/** LUM51xx and LUM62xx: what the command line was asked to do. */
type Entry<P> = { readonly text: (p: P) => string; readonly help?: (p: P) => string };

const entry = <P>(text: (p: P) => string, help?: (p: P) => string): Entry<P> =>
  help === undefined ? { text } : { text, help };

export const commandMessages = {
  LUM5101: entry(
    (p: { path: string; reason: string }) => `cannot read ${p.path}: ${p.reason}`,
    () => "name a .lum file, or a folder that holds one",
  ),
  LUM5102: entry(
    (p: { folder: string; found: string }) => `${p.folder} holds ${p.found}`,
    () => "name the .lum file itself",
  ),
  LUM5103: entry(
    (p: { target: string }) => `the target ${p.target} is not built yet`,
    () => "`--target cpu` and `--target cuda` work",
  ),
  LUM5104: entry(
    (p: { text: string; option: string; form: string }) =>
      `--${p.option} ${p.text} is not of the form ${p.form}`,
  ),
  LUM5105: entry(
    (p: { model: string; dtype: string }) =>
      `\`${p.model}\` has no dtype parameter, so --dtype ${p.dtype} has nothing to set`,
    () => "give the model a parameter `T: dtype = f32` and use T in its declarations",
  ),
  LUM5106: entry(
    (p: { lock: string; difference: string }) => `${p.lock} does not fit this model: ${p.difference}`,
    () => "build once without --locked to write a new one",
  ),
  LUM5120: entry(
    (p: { bucket: string; name: string; known: string }) =>
      `the bucket ${p.bucket} names \`${p.name}\`, which is no dim of the model; it has ${p.known}`,
  ),
  LUM5121: entry(
    (p: { bucket: string; name: string; range: string }) =>
      `the bucket ${p.bucket} is not within \`${p.name}\`'s range ${p.range}`,
    () => "narrow it to values that the dim can have",
  ),
  LUM5122: entry(
    (p: { bucket: string; name: string; range: string }) =>
      `the bucket ${p.bucket} is of \`${p.name}\`, whose range ${p.range} depends on other dims`,
    () => "bucket a dim whose range is stated in numbers",
  ),
  LUM6201: entry(
    (p: { name: string; known: string }) => `the model has no input \`${p.name}\`; it has ${p.known}`,
  ),
  LUM6202: entry(
    (p: { name: string }) => `the input \`${p.name}\` is missing`,
    (p: { name: string }) => `give a file: --input ${p.name}=${p.name}.npy`,
  ),
  LUM6203: entry(
    (p: { name: string; found: string; expected: string }) =>
      `the input \`${p.name}\` is ${p.found}, the model takes ${p.expected}`,
  ),
  LUM6204: entry(
    (p: { name: string }) => `the dim \`${p.name}\` has no value and no input's size tells it`,
    (p: { name: string }) => `give one: --dim ${p.name}=1`,
  ),
  LUM6205: entry(
    (p: { model: string; reason: string }) => `\`${p.model}\` cannot generate text: ${p.reason}`,
    () =>
      "generate needs an entry with dims for the tokens of a call and those before it, an input of i32 tokens, and an output `logits`",
  ),
  LUM6206: entry(
    (p: { folder: string; file: string }) => `${p.folder} has no ${p.file}`,
    () => "a model folder holds the .lum file, its weights (.safetensors) and tokenizer.json",
  ),
  LUM6207: entry(
    (p: { length: number; limit: number }) =>
      `the prompt has ${p.length} tokens, the model holds at most ${p.limit}`,
    () => "shorten the prompt, or build with a larger max_len",
  ),
  LUM6208: entry(
    (p: { model: string }) =>
      `\`${p.model}\` has weights, but no --weights were given and none lie beside it`,
    () => "give a .safetensors file or a folder that holds one: --weights PATH",
  ),
  LUM6209: entry(
    (p: { name: string; values: string }) => `the dim \`${p.name}\` is ${p.values} by different inputs`,
  ),
  LUM6210: entry(
    (p: { token: number; vocab: number }) =>
      `the tokenizer gave token ${p.token}, but the model knows ${p.vocab}`,
    () => "tokenizer.json and weights are of different models",
  ),
};
