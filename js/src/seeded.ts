// Random numbers for the tests, the same at every run. No part of the bundle.

export interface Random {
  /** [0, 1) */
  unit(): number;
  between(low: number, high: number): number;
  /** Evenly over the orders of magnitude. */
  magnitude(low: number, high: number): number;
  /** low..high, both included. */
  integer(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
}

/** mulberry32. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1));
  return {
    unit,
    integer,
    between: (low, high) => low + unit() * (high - low),
    magnitude: (low, high) => low * (high / low) ** unit(),
    pick: (choices) => choices[integer(0, choices.length - 1)]!,
  };
}
