import { z } from 'zod'
import { type SignedContent, signedContent } from '../evidence/index.ts'
import { fileNamesOf } from '../mail/file-name.ts'
import type { MimePart } from '../mail/mime-part.ts'
import { transferDecoder } from '../mail/transfer-decoder.ts'
import type { StagedBlob } from '../storage/port.ts'
import { definePlugin, proceed, refuse, type Services, type Verdict } from './api.ts'
import { judgeContainer } from './eyp-container.ts'
import { typeOf } from './message.ts'

const NAME = 'e-yazisma-package'

/**
 * Official correspondence carries exactly one package: plain (.eyp), encrypted (.eyps) or an update (.eypg), among the
 * attachments of what is signed; one inside a forwarded message or inside encrypted content is not seen and does not
 * count. Only that is refused by default: a container which is not in order is told to the operator
 * (`eyp.container`). [e-Yazışma Teknik Rehberi 2.1]
 */
export const eYazismaPackage = definePlugin({
  name: NAME,
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    const seats = new Seats(CHECKED_AT_ONCE)
    hooks.on('data_post', async ({ message }, signal) => {
      if (typeOf(message.header) !== 'eYazisma') return proceed
      const content = await signedContent(message.index, message.signature.form, message.open)
      const packages = content === undefined ? [] : packagesIn(content.root)
      const [found] = packages
      const [unseen] = content?.faults ?? []
      if (unseen !== undefined) return refuse('MIME_TOO_COMPLEX', unseen)
      if (content === undefined || found === undefined || packages.length > 1)
        return refuse('EYP_ATTACHMENT', `${packages.length}`)
      if (services.settings.eypContainer === 'off') return proceed
      return await seats.during(signal, () => judge(services, content, found, signal))
    })
  },
})

/** Inflating is done by the threads that also sign: so many containers at once leave room for them. */
const CHECKED_AT_ONCE = 2

async function judge(
  { scratch, noticed, settings }: Services,
  content: SignedContent,
  part: MimePart,
  signal: AbortSignal,
): Promise<Verdict> {
  const staged = await decoded(scratch, content, part)
  try {
    const { fault, doubts } = await judgeContainer({ size: staged.ref.size, open: staged.open }, signal)
    if (fault !== undefined && settings.eypContainer === 'refuse') return refuse('EYP_CONTAINER', fault)
    for (const code of fault === undefined ? doubts : [fault]) noticed(NAME, code)
    return proceed
  } finally {
    await staged.discard()
  }
}

/** Attachments are leaves below multiparts; a forwarded message is one of them, whatever it holds. */
function packagesIn(part: MimePart): MimePart[] {
  if (part.type === 'multipart') return part.children.flatMap(packagesIn)
  // Where files are saved, points and spaces at the end may fall away.
  return fileNamesOf(part).some((name) => /\.eyp[sg]?[.\s]*$/i.test(name)) ? [part] : []
}

/** The attachment without its transfer encoding, where it can be read by offset. */
async function decoded(
  scratch: Services['scratch'],
  { open }: SignedContent,
  { bodyStart, bodyEnd, encoding }: MimePart,
): Promise<StagedBlob> {
  const writer = scratch.create(bodyEnd - bodyStart)
  const decoder = transferDecoder(encoding)
  try {
    for await (const piece of open({ start: bodyStart, end: bodyEnd }))
      await writer.write(Buffer.from(decoder.push(piece)))
    return await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Lets so many in and the others wait, in order, as long as their time lasts. */
class Seats {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async during<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
