import type { Element } from '../asn1/reader.ts'
import { readSmallInteger } from '../asn1/values.ts'
import { KeyError } from './error.ts'

/** A file may ask for any number of rounds; this many take about a second. */
const MAX_ITERATIONS = 1_000_000

/** Throws KeyError UNSUPPORTED for none and for too many. */
export function readIterations(element: Element): number {
  const iterations = readSmallInteger(element)
  if (iterations < 1 || iterations > MAX_ITERATIONS)
    throw new KeyError('UNSUPPORTED', `${iterations} iterations`)
  return iterations
}
