/** EJS with two habits of its own: text goes out as it is, and an undefined value is an error. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ejs from "ejs";

const folder = fileURLToPath(new URL("../../templates/", import.meta.url));

export const templatePath = (name: string): string => folder + name;

/** Text of a file under `templates/`. */
export const templateText = (name: string): string => readFileSync(templatePath(name), "utf8");

function asIs(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`a template was given ${value} to print`);
}

const compiled = new Map<string, ejs.TemplateFunction>();

/** `templates/<name>` with `view` in it. */
export function render(name: string, view: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    const text = templateText(name);
    if (text.includes("<%-")) throw new Error(`${name} prints with <%-, which lets undefined through`);
    template = ejs.compile(text, {
      escape: asIs,
      strict: true,
      localsName: "view",
      filename: templatePath(name),
    });
    compiled.set(name, template);
  }
  return template(view);
}
