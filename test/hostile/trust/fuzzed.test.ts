/** A slice of what `npm run fuzz` does for as long as one lets it: the same choices each time. */
import { expect, test } from 'vitest'
import { Engine } from '../../../scripts/fuzz/engine.ts'
import { Slot } from '../../../scripts/fuzz/slot.ts'
import { TARGETS } from '../../../scripts/fuzz/targets.ts'

const INPUTS = 300

test.each(TARGETS.map((target) => [target.name, target] as const))(
  `${INPUTS} inputs: %s`,
  async (_name, target) => {
    const engine = new Engine(target, 5652, { take: () => 0 }, new Slot())
    const report = await engine.run({ seed: 5652, inputs: INPUTS, seconds: Infinity })
    // Time is no matter here: other tests run beside this one.
    expect(report.findings.filter(({ kind }) => kind !== 'slow')).toEqual([])
    expect(report.inputs).toBeGreaterThanOrEqual(INPUTS)
    expect(report.words).toBeGreaterThan(2)
  },
)
