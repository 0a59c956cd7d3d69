/** A process of its own, since a document that exhausts the memory of a thread ends the whole process that it is a thread of. */
import { Console } from 'node:console'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ANSWER, ASK, frame, framesOf } from './frames.ts'
import type { Watched } from './pdf-watch.ts'

// Before the library, which looks for them when it is loaded: it writes warnings, and draws nothing here.
globalThis.console = new Console(process.stderr)
Object.assign(globalThis, { DOMMatrix: class {} })
const { textsOfPdf } = await import('./pdf-pages.ts')

const documents = new Int32Array(new SharedArrayBuffer(4))
const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
const [memory, processorMs] = process.argv.slice(2).map(Number)
if (memory === undefined || processorMs === undefined) throw new Error('limits are missing')
const workerData: Watched = { documents, memory, processorMs }
new Worker(new URL(`./pdf-watch${extension}`, import.meta.url), { workerData }).unref()

let pieces: Buffer[] = []
let texts: AsyncGenerator<string, void> | undefined
let before = process.cpuUsage()

for await (const { kind, content } of framesOf(process.stdin)) {
  if (kind === ASK.piece) pieces.push(content)
  else {
    if (kind === ASK.whole) {
      Atomics.add(documents, 0, 1)
      before = process.cpuUsage()
      await texts?.return()
      texts = textsOfPdf(new Uint8Array(Buffer.concat(pieces)))
      pieces = []
    }
    const text = await texts?.next()
    const answer =
      text?.value === undefined ? frame(ANSWER.end, taken()) : frame(ANSWER.text, Buffer.from(text.value))
    if (!process.stdout.write(answer)) await once(process.stdout, 'drain')
  }
}
process.exit()

function taken(): Buffer {
  const { user, system } = process.cpuUsage(before)
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(Math.round((user + system) / 1_000))
  return octets
}
