import { createReadStream } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Octets collected before they are written. */
const BUFFER = 65_536

export interface KeptMessage {
  readonly hash: string
  readonly size: number
  readonly mailbox: string
}

/**
 * Which bodies the messages of a copy name: some hundred octets a message, in a file, since there may be millions. Read again
 * when the bodies are there.
 */
export class KeptMessages implements AsyncDisposable {
  readonly #folder: string
  readonly #file: FileHandle
  #waiting: string[] = []
  #octets = 0

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  static async open(): Promise<KeptMessages> {
    const folder = await mkdtemp(join(tmpdir(), 'openkep-filling-'))
    return new KeptMessages(folder, await open(join(folder, 'kept'), 'wx', 0o600))
  }

  async note({ hash, size, mailbox }: KeptMessage): Promise<void> {
    const line = `${hash} ${size} ${mailbox}\n`
    this.#waiting.push(line)
    this.#octets += line.length
    if (this.#octets >= BUFFER) await this.#flush()
  }

  /** All that were noted, `atOnce` at a time. */
  async *all(atOnce: number): AsyncGenerator<KeptMessage[]> {
    await this.#flush()
    let some: KeptMessage[] = []
    for await (const line of createInterface(createReadStream(join(this.#folder, 'kept')))) {
      const [hash = '', size, mailbox = ''] = line.split(' ')
      some.push({ hash, size: Number(size), mailbox })
      if (some.length < atOnce) continue
      yield some
      some = []
    }
    if (some.length > 0) yield some
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #flush(): Promise<void> {
    await this.#file.appendFile(this.#waiting.join(''))
    this.#waiting = []
    this.#octets = 0
  }
}
