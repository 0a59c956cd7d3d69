/** One connection: its messages are answered in their order, each with the fault that befalls it. */
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { answerTo, notPrimary, withTime, withWriteConcernError } from './answer.ts'
import type { Clients } from './clients.ts'
import type { Call } from './commands/arguments.ts'
import { hello } from './commands/member.ts'
import { isWrite } from './commands.ts'
import type { Concerns } from './concerns.ts'
import type { Data } from './data.ts'
import { type Doc, isDoc } from './document.ts'
import type { Fault, Seen } from './fault.ts'
import type { Faults } from './faults.ts'
import { forgetful } from './statement-memory.ts'
import { Framing, parse, type Request } from './wire.ts'
import type { WriteHooks } from './write-hooks.ts'

export interface House {
  readonly data: Data
  readonly faults: Faults
  readonly clients: Clients
  readonly concerns: Concerns
  readonly hooks: WriteHooks
  readonly setName: string
  readonly address: string
}

export async function serve(socket: Socket, number: number, house: House): Promise<void> {
  const framing = new Framing()
  const connection = new Connection(socket, number, house)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  try {
    for await (const chunk of socket)
      for (const message of framing.push(chunk as Buffer)) {
        // What was sent behind the message at which it was cut is not taken.
        if (!socket.destroyed) await connection.take(parse(message))
      }
  } catch {
    socket.destroy()
  }
}

class Connection {
  readonly #socket: Socket
  readonly #number: number
  readonly #house: House
  #client = ''
  #sent = 0

  constructor(socket: Socket, number: number, house: House) {
    this.#socket = socket
    this.#number = number
    this.#house = house
  }

  async take(request: Request): Promise<void> {
    const { body } = request
    const name = Object.keys(body)[0] ?? ''
    const reply = ['hello', 'ismaster', 'isMaster'].includes(name)
      ? this.#hello(body)
      : await this.#answer(request, name)
    if (reply === undefined) this.#socket.destroy()
    else if (!request.silent && !this.#socket.destroyed)
      this.#socket.write(request.answer(withTime(reply, this.#house.data), ++this.#sent))
  }

  /** The first one says who it is. */
  #hello(body: Doc): Doc | undefined {
    const { client } = body
    if (isDoc(client)) {
      this.#client = isDoc(client['application']) ? String(client['application']['name'] ?? '') : ''
      if (!this.#house.clients.joins(this.#client, this.#socket)) return undefined
    }
    const { address, setName } = this.#house
    return { ...hello(address, setName, this.#number), ok: 1 }
  }

  /** undefined: the connection ends without one. */
  async #answer({ body }: Request, name: string): Promise<Doc | undefined> {
    const { clients, concerns, data, faults, hooks } = this.#house
    if (clients.isDead(this.#client)) return undefined
    const seen = this.#seen(name, body)
    concerns.record(seen)
    if (seen.isWrite) hooks.before(seen)
    const fault = faults.of(seen)
    if (fault?.kind === 'delay' && fault.when !== 'after') await wait(fault.ms)
    const before = await this.#faultBefore(fault, body)
    // Its process may have ended while this was on its way.
    if (before === 'drop' || clients.isDead(this.#client)) return undefined
    if (before !== undefined) return before
    const database = seen.database
    const call: Call = {
      data,
      name,
      database,
      body: cutFor(fault, body),
      statements: data.statements.of(body),
    }
    const answer = await answerTo(call)
    if (fault?.kind === 'duplicate' && seen.isWrite) await answerTo({ ...call, statements: forgetful })
    if (seen.isWrite) hooks.after(seen, answer)
    return this.#faultAfter(fault, body, answer)
  }

  #seen(command: string, body: Doc): Seen {
    const named = command === 'getMore' ? body['collection'] : body[command]
    const write = isWrite(command)
    return {
      client: this.#client,
      command,
      database: String(body['$db'] ?? ''),
      collection: typeof named === 'string' ? named : '',
      isWrite: write,
      nthWrite: write ? this.#house.clients.writes(this.#client) : 0,
      body,
    }
  }

  async #faultBefore(fault: Fault | undefined, body: Doc): Promise<Doc | 'drop' | undefined> {
    switch (fault?.kind) {
      case 'drop-before':
        return 'drop'
      case 'die-before':
        this.#house.clients.kill(this.#client)
        return 'drop'
      case 'not-primary-before':
        return notPrimary(body)
      case 'partial':
        return parts.some((part) => Array.isArray(body[part])) ? undefined : 'drop'
      default:
        return undefined
    }
  }

  async #faultAfter(fault: Fault | undefined, body: Doc, answer: Doc): Promise<Doc | undefined> {
    switch (fault?.kind) {
      case 'drop-after':
      case 'partial':
        return undefined
      case 'die-after':
        this.#house.clients.kill(this.#client)
        return undefined
      case 'not-primary-after':
        return notPrimary(body)
      case 'write-concern-error':
        return withWriteConcernError(answer, body, fault.code ?? 64)
      case 'delay':
        if (fault.when === 'after') await wait(fault.ms)
        return answer
      default:
        return answer
    }
  }
}

/** What a write command has several of. */
const parts = ['documents', 'updates', 'deletes'] as const

function cutFor(fault: Fault | undefined, body: Doc): Doc {
  if (fault?.kind !== 'partial') return body
  const cut = parts.flatMap((part) => {
    const list = body[part]
    return Array.isArray(list) ? [[part, list.slice(0, fault.applied)]] : []
  })
  return { ...body, ...Object.fromEntries(cut) }
}
