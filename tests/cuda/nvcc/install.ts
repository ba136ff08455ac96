/** Brings nvcc from the Python packages, for the tests that need one. Ends with 1 where that fails. */
import { installNvcc } from "./toolkit.ts";

const result = await installNvcc();
console.log(typeof result === "string" ? `no nvcc: ${result}` : `nvcc ${result.version}: ${result.path}`);
process.exitCode = typeof result === "string" ? 1 : 0;
