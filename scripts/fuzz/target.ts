/** One door through which foreign octets come in, and what may come out of it. */
import type { MutatorKind } from './mutate/mutator.ts'

export interface Target {
  readonly name: string
  /** How its inputs are bent. */
  readonly kind: MutatorKind
  /** Of the inputs or of the time of a run; doors behind which signatures are checked get less. */
  readonly weight: number
  /** Valid inputs and near ones; made anew by our own issuing code, so with new keys each time. */
  seeds(): Promise<readonly Uint8Array[]>
  /**
   * Takes one input in. Gives what came out of it in a few words: inputs with new words are kept. Throws what no caller
   * expects, and {@link Broken} where something was believed that nobody signed.
   */
  run(input: Uint8Array): string | Promise<string>
  readonly growth: readonly Growth[]
  /** What is measured as it grows, where run() takes an input in several times to compare; run() itself where absent. */
  work?(input: Uint8Array): void
}

/** Inputs of any size that are as hard to read as their author can make them. */
export interface Growth {
  readonly name: string
  /** Octets of the smaller one; the other has ten times as many. Absent: GROWTH_OCTETS. */
  readonly octets?: number
  make(octets: number): Uint8Array
  /** Bends it before each run, where what was read once is not read again. */
  anew?(input: Uint8Array, run: number): void
}

export const GROWTH_OCTETS = 32 * 1024

/** A promise was broken: something holds that must not, or two readings of one input differ. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

type ErrorClass = abstract new (...args: never) => Error

/** The code of an error of ours; throws what is none of them. */
export function told(error: unknown, classes: readonly ErrorClass[]): string {
  if (!(error instanceof Error) || !classes.some((known) => error instanceof known)) throw error
  return 'code' in error ? String(error.code) : error.name
}

/** What `act` says, or the code of the error that it may throw. */
export function codeOf(classes: readonly ErrorClass[], act: () => string): string {
  try {
    return act()
  } catch (error) {
    return told(error, classes)
  }
}

/** Why reading stopped, without offsets and other numbers that would make each input a new one. */
export const shapeOf = (text: string): string => text.replace(/0x[0-9a-f]+|\d+|\{.*/gs, '#').slice(0, 80)

/**
 * Powers of two: ten elements and twelve are no news to one another, and above a hundred nothing is; else inputs would only
 * grow, and a run with them crawl.
 */
export const bucket = (count: number): number =>
  count === 0 ? 0 : 1 + Math.min(MOST_NEWS, Math.floor(Math.log2(count)))

const MOST_NEWS = 7

/** As many whole pieces as fit. */
export const filled = (octets: number, piece: Uint8Array): Buffer =>
  Buffer.alloc(octets - (octets % piece.length), piece)
