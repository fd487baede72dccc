// The order that rules make of a list.

/** The part of the list that `perLabelMax` is about. */
const HEAD = 10;

export interface Rules {
  /** Rows that come first, in this order. */
  pinned: Uint32Array;
  /** Rows that come last. */
  buried: ReadonlySet<number>;
  /** What labels add to a score, in standard deviations of the scores, by bit. */
  boost: ReadonlyMap<bigint, number>;
  /** Rows among the first ten that may share a label; 0 for any number. */
  perLabelMax: number;
}

export interface Item {
  row: number;
  score: number;
  /** A bit for each label. */
  labels: bigint;
}

/** The places of `items`, which are best first, in the order of the rules. */
export function ordered(items: readonly Item[], rules: Rules): number[] {
  const placeOf = new Map(items.map(({ row }, place) => [row, place]));
  const first = [...rules.pinned].flatMap((row) => placeOf.get(row) ?? []);
  const pinned = new Set(first);
  const rest = byBoost(items, rules.boost).filter((place) => !pinned.has(place));
  const isBuried = (place: number): boolean => rules.buried.has(items[place]!.row);
  const middle = rest.filter((place) => !isBuried(place));
  const last = rest.filter(isBuried);
  return [...capped(items, [...first], middle, rules.perLabelMax), ...last];
}

// Sorting is stable: equals stay as they came.
function byBoost(items: readonly Item[], boost: Rules["boost"]): number[] {
  const places = items.map((_, place) => place);
  if (boost.size === 0) return places;
  const unit = deviation(items.map(({ score }) => score));
  const boosts = [...boost];
  const scores = items.map(({ score, labels }) =>
    boosts.reduce((sum, [bit, weight]) => ((labels >> bit) & 1n ? sum + weight * unit : sum), score),
  );
  return places.sort((a, b) => scores[b]! - scores[a]!);
}

// Fills the head with what no label holds back, then with whatever there is; behind it nothing is held back.
function capped(items: readonly Item[], head: number[], rest: number[], max: number): number[] {
  if (max === 0) return [...head, ...rest];
  const counts = new Map<bigint, number>();
  const note = (place: number): void => {
    for (const bit of bitsOf(items[place]!.labels)) counts.set(bit, (counts.get(bit) ?? 0) + 1);
  };
  const isFull = (place: number): boolean => bitsOf(items[place]!.labels).some((bit) => (counts.get(bit) ?? 0) >= max);
  head.forEach(note);
  const left: number[] = [];
  for (const place of rest) {
    if (head.length < HEAD && !isFull(place)) {
      head.push(place);
      note(place);
    } else {
      left.push(place);
    }
  }
  return [...head, ...left];
}

function bitsOf(labels: bigint): bigint[] {
  const bits: bigint[] = [];
  for (let bit = 0n, rest = BigInt.asUintN(64, labels); rest > 0n; bit++, rest >>= 1n) if (rest & 1n) bits.push(bit);
  return bits;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
