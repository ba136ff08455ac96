import type { ExplainedModel } from "./explain.ts";
export const pageHtml = (e: ExplainedModel): string => e.report.model;
