/** Which promises were asked for: every write concern and read concern that commands came with, and how often. */
import type { Doc } from './document.ts'
import type { Seen } from './fault.ts'

export interface Concern {
  readonly client: string
  readonly command: string
  readonly collection: string
  readonly writeConcern: Doc | undefined
  readonly readConcern: Doc | undefined
  readonly count: number
}

export class Concerns {
  readonly #counted = new Map<string, Concern>()

  record({ client, command, collection, body }: Seen): void {
    const writeConcern = body['writeConcern'] as Doc | undefined
    const readConcern = body['readConcern'] as Doc | undefined
    const key = `${client} ${command} ${collection} ${written(writeConcern)} ${written(readConcern)}`
    const count = (this.#counted.get(key)?.count ?? 0) + 1
    this.#counted.set(key, { client, command, collection, writeConcern, readConcern, count })
  }

  of(command: string, collection?: string): Concern[] {
    return this.all().filter(
      (concern) =>
        concern.command === command && (collection === undefined || concern.collection === collection),
    )
  }

  all(): Concern[] {
    return [...this.#counted.values()]
  }

  clear(): void {
    this.#counted.clear()
  }
}

/** Nearly every command comes without one, and there are hundreds of thousands of them. */
const written = (concern: Doc | undefined): string =>
  concern === undefined
    ? ''
    : JSON.stringify(concern, (_, value) => (typeof value === 'bigint' ? Number(value) : value))
