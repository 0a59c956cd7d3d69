/**
 * Some tests do the same again and again: at each write of a call, at each octet of a file, for thousands of histories.
 * `npm test` does a slice of that, another one in each run, and asserts the same of it; `npm run test:thorough` does all.
 */
import { randomInt } from 'node:crypto'

const isThorough = process.env['OPENKEP_THOROUGH'] === 'yes'

/** How much of something that is alike however much of it there is. */
export const amount = <T = number>({ whole, slice }: { readonly whole: T; readonly slice: T }): T =>
  isThorough ? whole : slice

/** Every n-th from a random one on, below `end`. */
export function* every(n: number, end: number): Generator<number> {
  for (let at = randomInt(n); at < end; at += n) yield at
}

/** 1, 2, 3 … without end; of a slice the first, and then one of three. */
export function* steps(): Generator<number, never> {
  yield 1
  const stride = amount({ whole: 1, slice: 3 })
  for (let step = 2 + randomInt(stride); ; step += stride) yield step
}
