import { describe, expect, test } from 'vitest'
import { readWhole } from '../../../../evidence/asn1/reader.ts'
import { TAG } from '../../../../evidence/asn1/tag.ts'
import { integer, sequence } from '../../../../evidence/asn1/writer.ts'
import { Engine } from '../../../../scripts/fuzz/engine.ts'
import { measureGrowth } from '../../../../scripts/fuzz/growth.ts'
import { bendDer, derSpots } from '../../../../scripts/fuzz/mutate/der.ts'
import { Slot } from '../../../../scripts/fuzz/slot.ts'
import { Broken, type Target } from '../../../../scripts/fuzz/target.ts'
import { Random } from '../../../../scripts/soak/power-loss/random.ts'
import { pki } from '../../../fakes/pki.ts'

const blind = { take: () => 0 }
const target = (given: Partial<Target>): Target => ({
  name: 'x',
  kind: 'der',
  weight: 1,
  seeds: async () => [Buffer.from('0000000000000000', 'hex')],
  run: () => 'same',
  growth: [],
  ...given,
})
const fuzz = async (
  given: Partial<Target>,
  inputs = 5000,
  coverage: { take(keep: boolean): number } = blind,
) => await new Engine(target(given), 7, coverage, new Slot()).run({ seed: 7, inputs, seconds: Infinity })

describe('the fuzzer finds what was put there', () => {
  test('an error of another kind, once, with its input', async () => {
    const { findings } = await fuzz({
      run: (input) => {
        if (input[3] === 0xff) throw new TypeError(`at ${input.length}`)
        return 'same'
      },
    })
    expect(findings).toMatchObject([{ kind: 'crash', target: 'x' }])
    expect(findings[0]?.input[3]).toBe(0xff)
  })
  test('a broken promise of a reader that answers later', async () => {
    const run = async (input: Uint8Array) => {
      if (input.length === 3) throw new Broken('three')
      return 'same'
    }
    expect((await fuzz({ run })).findings).toMatchObject([
      { detail: expect.stringContaining('Broken: three') },
    ])
  })
  /** Each step is hidden behind the one before it. */
  const steps = (input: Uint8Array): number => {
    let step = 0
    while (step < 4 && ((input[step] ?? 0) & 7) === 5) step++
    return step
  }
  const deep = (input: Uint8Array): string => {
    if (steps(input) === 4) throw new Error('reached')
    return 'same'
  }
  test('what lies behind steps that show in its words', async () => {
    const words = (input: Uint8Array) => `${deep(input)} ${steps(input)}`
    expect((await fuzz({ run: words }, 20_000)).findings).toHaveLength(1)
    expect((await fuzz({ run: deep }, 20_000)).findings).toHaveLength(0)
  })
  test('and in what is executed', async () => {
    let [now, known] = [0, 0]
    const run = (input: Uint8Array) => {
      now = Math.max(now, steps(input))
      return deep(input)
    }
    const take = (keep: boolean): number => {
      const fresh = Math.max(0, now - known)
      if (keep) known = Math.max(known, now)
      now = 0
      return fresh
    }
    expect((await fuzz({ run }, 20_000, { take })).findings).toHaveLength(1)
  })
})

describe('elements of DER', () => {
  test('are found inside strings too, and bent so that most of what is around them still fits', () => {
    const octets = pki().user.certificate.der
    const spots = derSpots(octets)
    expect(spots.length).toBeGreaterThan(60)
    const random = new Random(1)
    let whole = 0
    for (let at = 0; at < 1000; at++) {
      const bent = bendDer({ octets, spots }, { octets, spots }, random)
      try {
        readWhole(bent, 'ber', TAG.sequence)
        whole++
      } catch {
        // lengths were bent this time
      }
    }
    expect(whole).toBeGreaterThan(700)
    expect(derSpots(sequence(integer(1), integer(2))).map(({ around }) => around)).toEqual([-1, 0, 0])
  })
})

test('a square is told from a line, before it is measured at ten times the octets', async () => {
  const spin = (turns: number): string => {
    let sum = 0
    for (let at = 0; at < turns; at++) sum = (sum + at) % 1009
    return String(sum)
  }
  const growth = [{ name: 'x', octets: 2_000, make: (octets: number) => new Uint8Array(octets) }]
  const [square] = await Array.fromAsync(
    measureGrowth(target({ growth, run: ({ length }) => spin(length * length) }), 0),
  )
  expect(square).toMatchObject({ held: false, octets: [2_000, 6_000] })
  expect(square?.ratio).toBeGreaterThan(6)
})
