import type { Case } from "../case.ts";
import { bert } from "./bert.ts";
import { call } from "./call.ts";
import { convnet } from "./convnet.ts";
import { gptDecode, gptPrefill } from "./gpt.ts";
import { mlp } from "./mlp.ts";
import { sgemm } from "./sgemm.ts";
import { whisperEncoder } from "./whisper.ts";

export const cases: readonly Case[] = [
  call,
  ...[128, 256, 512, 1024, 2048].map(sgemm),
  mlp(1),
  mlp(64),
  convnet("convnet", { size: 64, width: 64, classes: 1000, batch: 1 }),
  convnet("convnet-small", { size: 33, width: 12, classes: 8, batch: 8 }),
  gptDecode,
  gptPrefill,
  bert,
  whisperEncoder,
];
