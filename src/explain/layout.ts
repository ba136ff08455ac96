/**
 * A layered drawing of a graph without cycles, from top to bottom, after Sugiyama, Tagawa and Toda (1981): layers by
 * longest path, long edges through a point in every layer between, orders by the mean of the neighbours.
 */

export type Box = { readonly id: string; readonly width: number; readonly height: number };
export type Edge = { readonly from: string; readonly to: string };

export type Placed = { readonly x: number; readonly y: number };

export type Layout = {
  readonly width: number;
  readonly height: number;
  /** Centres, by id. */
  readonly boxes: ReadonlyMap<string, Placed>;
  /** Points of each edge, in the order of the edges. */
  readonly routes: readonly (readonly Placed[])[];
};

const gapX = 18;
const gapY = 34;
const margin = 12;
/** Width that an edge takes up where it passes between boxes. */
const passage = 10;
const sweeps = 8;

type Cell = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  x: number;
  order: number;
};

export function layered(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const layerOf = layersOf(boxes, edges);
  const cells = new Map<string, Cell>(boxes.map((b, i) => [b.id, { ...b, x: 0, order: i }]));
  const layers: Cell[][] = [];
  const put = (cell: Cell, layer: number): void => {
    while (layers.length <= layer) layers.push([]);
    layers[layer].push(cell);
  };
  for (const b of boxes) put(cells.get(b.id)!, layerOf.get(b.id)!);
  const chains = edges.map((e, i) => {
    const chain = [cells.get(e.from)!];
    for (let l = layerOf.get(e.from)! + 1; l < layerOf.get(e.to)!; l++) {
      const cell = { id: `${i}:${l}`, width: passage, height: 0, x: 0, order: chain[0].order };
      put(cell, l);
      chain.push(cell);
    }
    return [...chain, cells.get(e.to)!];
  });
  const above = new Map<Cell, Cell[]>();
  const below = new Map<Cell, Cell[]>();
  for (const chain of chains)
    for (let i = 1; i < chain.length; i++) {
      below.set(chain[i - 1], [...(below.get(chain[i - 1]) ?? []), chain[i]]);
      above.set(chain[i], [...(above.get(chain[i]) ?? []), chain[i - 1]]);
    }
  order(layers, above, below);
  place(layers, above, below);
  return finished(layers, boxes, cells, chains);
}

function layersOf(boxes: readonly Box[], edges: readonly Edge[]): Map<string, number> {
  const into = new Map<string, string[]>(boxes.map((b) => [b.id, []]));
  for (const e of edges) into.get(e.to)!.push(e.from);
  const out = new Map<string, string[]>(boxes.map((b) => [b.id, []]));
  for (const e of edges) out.get(e.from)!.push(e.to);
  const layer = new Map<string, number>();
  const visit = (id: string): number => {
    const known = layer.get(id);
    if (known !== undefined) return known;
    layer.set(id, 0);
    const own = Math.max(-1, ...into.get(id)!.map(visit)) + 1;
    layer.set(id, own);
    return own;
  };
  for (const b of boxes) visit(b.id);
  // What nothing comes before stands right above what needs it.
  for (const b of boxes)
    if (into.get(b.id)!.length === 0 && out.get(b.id)!.length > 0)
      layer.set(b.id, Math.min(...out.get(b.id)!.map((x) => layer.get(x)!)) - 1);
  const least = Math.min(0, ...layer.values());
  return new Map([...layer].map(([id, l]) => [id, l - least]));
}

type Neighbours = ReadonlyMap<Cell, readonly Cell[]>;

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

function order(layers: Cell[][], above: Neighbours, below: Neighbours): void {
  for (const layer of layers)
    layer.forEach((c, i) => {
      c.order = i;
    });
  for (let i = 0; i < sweeps; i++) {
    const down = i % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wish = new Map(
        layer.map((c) => {
          const near = (down ? above : below).get(c) ?? [];
          return [c, near.length === 0 ? c.order : mean(near.map((x) => x.order))] as const;
        }),
      );
      layer.sort((a, b) => wish.get(a)! - wish.get(b)! || a.order - b.order);
      layer.forEach((c, at) => {
        c.order = at;
      });
    }
  }
}

function place(layers: readonly Cell[][], above: Neighbours, below: Neighbours): void {
  for (const layer of layers)
    spread(
      layer,
      layer.map(() => 0),
    );
  for (let i = 0; i < sweeps; i++)
    for (const layer of i % 2 === 0 ? layers : [...layers].reverse())
      spread(
        layer,
        layer.map((c) => {
          const near = [...(above.get(c) ?? []), ...(below.get(c) ?? [])];
          return near.length === 0 ? c.x : mean(near.map((x) => x.x));
        }),
      );
}

/** As near to the wished places as the order and the widths allow: the mean of packing from the left and the right. */
function spread(layer: readonly Cell[], wish: readonly number[]): void {
  const apart = (a: Cell, b: Cell): number => (a.width + b.width) / 2 + gapX;
  const left = [...wish];
  for (let i = 1; i < layer.length; i++)
    left[i] = Math.max(wish[i], left[i - 1] + apart(layer[i - 1], layer[i]));
  const right = [...wish];
  for (let i = layer.length - 2; i >= 0; i--)
    right[i] = Math.min(wish[i], right[i + 1] - apart(layer[i], layer[i + 1]));
  layer.forEach((c, i) => {
    c.x = (left[i] + right[i]) / 2;
  });
}

function finished(
  layers: readonly (readonly Cell[])[],
  boxes: readonly Box[],
  cells: ReadonlyMap<string, Cell>,
  chains: readonly (readonly Cell[])[],
): Layout {
  const all = layers.flat();
  const left = Math.min(...all.map((c) => c.x - c.width / 2));
  const right = Math.max(...all.map((c) => c.x + c.width / 2));
  const y = new Map<Cell, number>();
  let top = margin;
  for (const layer of layers) {
    const height = Math.max(0, ...layer.map((c) => c.height));
    for (const c of layer) y.set(c, top + height / 2);
    top += height + gapY;
  }
  const at = (c: Cell): Placed => ({ x: c.x - left + margin, y: y.get(c)! });
  const routes = chains.map((chain) =>
    chain.map((c, i) => {
      const { x, y: middle } = at(c);
      const shift = i === 0 ? c.height / 2 : i === chain.length - 1 ? -c.height / 2 : 0;
      return { x, y: middle + shift };
    }),
  );
  return {
    width: right - left + 2 * margin,
    height: top - gapY + margin,
    boxes: new Map(boxes.map((b) => [b.id, at(cells.get(b.id)!)])),
    routes,
  };
}
