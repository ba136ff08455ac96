/** What the CPU's engine takes for a product by each schedule: its register tile, what it packs, its threads' shares. */
import type { ContractionSchedule } from "../ir/plan.ts";
import { type Factor, liesAsRead, type Product } from "../lower/plan-schedule.ts";
import { cpu } from "../targets/cpu.ts";
import type { Machine } from "../targets/machines.ts";

/** Products of m x n sums of k terms each. */
export type ProductSize = {
  readonly items: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
};

type Tile = {
  readonly m: number;
  readonly n: number;
  /** Of the time that the usual tile takes for as many sums: a tall one has a load for each multiply-add. */
  readonly slowness: number;
};

/** A row of sums more than a tile's last rows are: what goes once around any of them. */
const partialRows = 1;

/** Bringing an element into a panel, in additions with their loads. */
const packingWork = 3;

/** Reading one that lies in none, and where rows of them fight for the same lines of the first-level cache. */
const strayWork = 0.1;
const farWork = 0.8;

/** Sizes that decide what the engine does by itself (`gemm.h`). */
const engine = {
  inPlaceTiles: 2,
  inPlaceColumns: 96,
  inPlaceMostTiles: 16,
  inPlaceMostFarTiles: 4,
  sameLines: 1024,
  blockColumns: 512,
  blockRows: 384,
  multiplyAddsPerThread: 1 << 17,
  splitDepth: 256,
};

/** Operations that a thread must have to do before the cost model counts on it (`kWorkPerThread` in parallel.h). */
const workPerThread = 1 << 15;

/** Seconds on all threads of the machine. */
export function contractionSeconds(
  product: Product,
  schedule: ContractionSchedule | undefined,
  size: ProductSize,
  machine: Machine,
): number {
  const { items, m, n, k } = size;
  const flops = 2 * items * m * n * k;
  const few = streamsRows(product, size);
  const tile = tileTaken(schedule, m, n, machine);
  const filled = few ? 1 : Math.max(0.05, (m * n) / tiledWork(m, n, tile));
  const packing = few ? 0 : packingUnits(product, schedule, size, machine) / machine.vectorRate;
  const { threads, launches } = threadsUsed(schedule, size, tile, few, machine);
  const counted = Math.max(1, Math.min(machine.threads, Math.floor(flops / workPerThread)));
  const sums = schedule === "split depth" && threads > 1 ? (2 * threads * m * n) / machine.vectorRate : 0;
  const busy = flops / (machine.contractionRate * filled) + packing;
  return busy * (counted / threads) + sums + launches * machine.launch;
}

/** Few rows, or few columns of a left factor that can be streamed in their place. */
const streamsRows = ({ a }: Product, { m, n }: ProductSize): boolean =>
  m <= cpu.skinnyRows || (n <= cpu.skinnyRows && m > n && a.kind === "matrix" && a.contiguous !== "neither");

/** The schedule's where it pays, as the engine finds for each call. */
function tileTaken(schedule: ContractionSchedule | undefined, m: number, n: number, { tile }: Machine): Tile {
  const usual = { ...tile, slowness: 1 };
  const own =
    schedule === "wide tile"
      ? { m: (tile.m * 2) / 3, n: (tile.n * 3) / 2, slowness: 1.03 }
      : schedule === "tall tile"
        ? { m: tile.m * 2, n: tile.n / 2, slowness: 1.35 }
        : usual;
  return tiledWork(m, n, own) < tiledWork(m, n, usual) ? own : usual;
}

/** Whether a schedule's register tile is another than the usual one for these sizes. */
export const hasOwnTile = (schedule: ContractionSchedule, m: number, n: number, machine: Machine): boolean =>
  tileTaken(schedule, m, n, machine).slowness > 1;

/** Sums as the time goes: the last rows take what they need and a little more, columns whole tiles. */
function tiledWork(m: number, n: number, tile: Tile): number {
  const left = m % tile.m;
  const rows = m - left + (left === 0 ? 0 : Math.min(tile.m, left + partialRows));
  return rows * Math.ceil(n / tile.n) * tile.n * tile.slowness;
}

function packingUnits(
  { a, b }: Product,
  schedule: ContractionSchedule | undefined,
  { items, m, n, k }: ProductSize,
  { tile }: Machine,
): number {
  let units = 0;
  if (b.kind === "matrix" && !inPanels(b, schedule)) {
    const far = b.step !== undefined && b.step % engine.sameLines === 0;
    const most = far ? engine.inPlaceMostFarTiles : engine.inPlaceMostTiles;
    const tiles = schedule === "packed" ? 0 : schedule === "in place" ? most : engine.inPlaceTiles;
    const inPlace = liesAsRead(b) && m <= tiles * tile.m;
    const [work, times] = inPlace
      ? [far ? farWork : strayWork, Math.ceil(m / tile.m)]
      : [packingWork, Math.ceil(m / engine.blockRows)];
    units += items * n * k * work * times;
  }
  if (a.kind === "matrix") {
    const rowsLie = a.contiguous === "depth" && a.node.dtype === "f32";
    const wide = n > engine.inPlaceColumns * tile.n && schedule !== "in place";
    if (!rowsLie || wide || schedule === "packed")
      units += items * m * k * packingWork * Math.ceil(n / engine.blockColumns);
  }
  return units;
}

/** A weight that is laid out ahead of time. */
const inPanels = (b: Factor, schedule: ContractionSchedule | undefined): boolean =>
  b.kind === "matrix" && b.node.op.kind === "weight" && b.node.dtype === "f32" && schedule !== "in place";

/** Threads that would be as quick with equal shares, and times that threads start beyond the first. */
function threadsUsed(
  schedule: ContractionSchedule | undefined,
  { items, m, n, k }: ProductSize,
  tile: Tile,
  few: boolean,
  machine: Machine,
): { threads: number; launches: number } {
  const paid = Math.floor((items * m * n * k) / engine.multiplyAddsPerThread);
  const count = Math.max(1, Math.min(machine.threads, paid));
  if (schedule === "split depth") {
    const parts = Math.min(count, Math.floor(k / engine.splitDepth));
    if (parts > 1) return { threads: parts, launches: 1 };
  }
  const rows = few ? 1 : Math.ceil(m / tile.m);
  const columns = Math.ceil((few ? Math.max(m, n) : n) / (few ? machine.tile.n : tile.n));
  if (items > 1) {
    const tasks = items * (count <= items ? 1 : Math.min(Math.ceil(count / items), columns));
    return { threads: tasks / Math.ceil(tasks / count), launches: 0 };
  }
  let largest = rows * columns;
  for (let across = 1; across <= count; across++) {
    const down = Math.floor(count / across);
    largest = Math.min(largest, Math.ceil(rows / across) * Math.ceil(columns / down));
  }
  return { threads: (rows * columns) / largest, launches: 0 };
}
