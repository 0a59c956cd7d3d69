/** A process that runs one command line of kepctl after another; each command is sent by its parent, and answered. */
import { setTimeout } from 'node:timers/promises'
import { main } from '../../scripts/kepctl/main.ts'

/** A process that ends so long after its command is one that was kept alive. */
const PATIENCE_MS = 10_000

const said = { out: '', err: '' }
const gather =
  (into: keyof typeof said) =>
  (chunk: string | Uint8Array): boolean => {
    said[into] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
process.stdout.write = gather('out')
process.stderr.write = gather('err')

/** What would keep a process alive, asked where only the asking itself is on the way. */
async function alive(): Promise<string[]> {
  await setTimeout(1)
  return process.getActiveResourcesInfo().sort()
}

/** With the channel to the parent, which keeps a process alive once somebody listens. */
let atRest: readonly string[] = []

/** What the command left open, though it was done: with it a process of its own would not have ended. */
async function leftOpen(): Promise<string[]> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const left = await alive()
    for (const one of atRest) {
      const at = left.indexOf(one)
      if (at >= 0) left.splice(at, 1)
    }
    if (left.length === 0 || performance.now() > until) return left
  }
}

process.on('message', async (args: readonly string[]) => {
  const code = await main(args)
  const left = await leftOpen()
  if (left.length > 0) said.err += `kepctl does not end: ${left.join(', ')}\n`
  process.send?.({ ...said, code: left.length > 0 ? null : code })
  said.out = said.err = ''
})
process.on('disconnect', () => process.exit())
atRest = await alive()
process.send?.('ready')
