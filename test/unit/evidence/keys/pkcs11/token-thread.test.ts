import { EventEmitter } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { KeyError, type KeyFailure } from '../../../../../evidence/keys/error.ts'
import type { Job, Reply } from '../../../../../evidence/keys/pkcs11/job.ts'
import type { PinStanding } from '../../../../../evidence/keys/pkcs11/standing.ts'
import { type OwnThread, TokenThread } from '../../../../../evidence/keys/pkcs11/token-thread.ts'

type Answer = KeyFailure | 'signature' | 'slow' | 'death' | 'silence'

/** A card's signature, after the one before it. */
const SLOW_MS = 800

/** Threads that answer as a script says; what they were asked is kept. */
class Script {
  readonly asked: Job['kind'][] = []
  started = 0
  now = 0
  readonly answers: Answer[] = []
  /** What each thread was told of those before it. */
  readonly told: ReadonlyMap<string, PinStanding>[] = []
  readonly thread = new TokenThread((standings) => this.#start(standings), { monotonic: () => this.now })

  #events = new EventEmitter()
  #freeAt = 0

  /** The answer that nobody waits for any more. */
  late(): void {
    this.#events.emit('message', { id: 1, signature: Uint8Array.of(1) })
  }

  /** As a thread does, whether or not somebody waits for what it is at. */
  tell(entry: string, standing: PinStanding): void {
    this.#events.emit('message', { entry, standing })
  }

  #start(standings: ReadonlyMap<string, PinStanding>): OwnThread {
    this.told.push(standings)
    this.started++
    const events = new EventEmitter()
    this.#events = events
    return Object.assign(events, {
      postMessage: ({ id, job }: { id: number; job: Job }) => {
        this.asked.push(job.kind)
        const answer = job.kind === 'end' ? 'end' : (this.answers.shift() ?? 'signature')
        if (answer === 'slow') {
          this.#freeAt = Math.max(this.#freeAt, Date.now()) + SLOW_MS
          const reply = { id, signature: Uint8Array.of(1) }
          setTimeout(() => events.emit('message', reply), this.#freeAt - Date.now())
        } else if (answer === 'death') queueMicrotask(() => events.emit('exit', 1))
        else if (answer !== 'silence')
          queueMicrotask(() => events.emit('message', { id, ...replyOf(answer) } as Reply))
      },
      terminate: async () => 0,
      ref: () => {},
      unref: () => {},
    }) as unknown as OwnThread
  }
}

const replyOf = (answer: Exclude<Answer, 'death' | 'silence' | 'slow'> | 'end'): object =>
  answer === 'signature'
    ? { signature: Uint8Array.of(1) }
    : answer === 'end'
      ? { ended: true }
      : { code: answer, detail: 'as the script says' }

const job = (pin = '1234', token = 'fake') => ({
  token: { token, pin },
  key: { label: 'k' },
  hash: 'sha256' as const,
  algorithm: 'ecdsa' as const,
  spki: Uint8Array.of(),
  tbs: Uint8Array.of(),
})
const codeOf = (signed: Promise<unknown>): Promise<string> =>
  signed.then(
    () => 'signed',
    (error: unknown) => (error instanceof KeyError ? error.code : String(error)),
  )

describe('a PIN', () => {
  const resting = {
    kind: 'resting',
    wasTaken: true,
    restMs: 1,
    until: 2,
    flags: 0,
    word: 'CKR_GENERAL_ERROR',
  } as const
  test('that a token did not take, or that rests, is known to every later thread, for as long as the process lives', async () => {
    const script = new Script()
    await script.thread.sign(job())
    script.tell('one', { kind: 'refused' })
    script.tell('other', { kind: 'taken' })
    await script.thread.end()
    script.answers.push('death')
    expect(await codeOf(script.thread.sign(job()))).toBe('TOKEN_GONE')
    script.tell('one', { kind: 'taken' })
    script.tell('other', resting)
    script.now += 5000
    expect(await codeOf(script.thread.sign(job()))).toBe('signed')
    expect(script.told.map((one) => Object.fromEntries(one))).toEqual([
      {},
      { one: { kind: 'refused' }, other: { kind: 'taken' } },
      { one: { kind: 'refused' }, other: resting },
    ])
  })
  test('that rests does not keep another one from the token', async () => {
    const script = new Script()
    script.answers.push('PIN_RESTS')
    expect(await codeOf(script.thread.sign(job()))).toBe('PIN_RESTS')
    expect(await codeOf(script.thread.sign(job('4321')))).toBe('signed')
  })
})

describe('a token', () => {
  test.each(['TOKEN_GONE', 'NO_TOKEN'] as const)('after %s rests, and others do not', async (code) => {
    const script = new Script()
    script.answers.push(code)
    expect(await codeOf(script.thread.sign(job()))).toBe(code)
    expect(await codeOf(script.thread.sign(job()))).toBe(code)
    expect(await codeOf(script.thread.sign(job('1', 'other')))).toBe('signed')
    expect(script.asked).toHaveLength(2)
    script.now += 5000
    expect(await codeOf(script.thread.sign(job()))).toBe('signed')
    expect(await codeOf(script.thread.sign(job()))).toBe('signed')
  })
})

describe('the thread', () => {
  afterEach(() => {
    vi.useRealTimers()
  })
  test('whose module hangs is given up, asked no more, and used again once it answers', async () => {
    vi.useFakeTimers()
    const script = new Script()
    script.answers.push('silence')
    const hanging = codeOf(script.thread.sign(job()))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await hanging).toBe('TOKEN_GONE')
    script.now += 5000
    expect(await codeOf(script.thread.sign(job('1', 'other')))).toBe('TOKEN_GONE')
    expect(script.asked).toHaveLength(1)
    script.late()
    expect(await codeOf(script.thread.sign(job()))).toBe('signed')
    expect(script.started).toBe(1)
  })
  test('that died is started anew by the next request', async () => {
    const script = new Script()
    script.answers.push('silence', 'death')
    const waiting = [script.thread.sign(job()), script.thread.sign(job())]
    expect(await Promise.all(waiting.map(codeOf))).toEqual(['TOKEN_GONE', 'TOKEN_GONE'])
    script.now += 5000
    expect(await codeOf(script.thread.sign(job()))).toBe('signed')
    expect(script.started).toBe(2)
  })
  test('that is slow does not hang: a long line is worked off, whatever it takes altogether', async () => {
    vi.useFakeTimers()
    const script = new Script()
    script.answers.push(...Array<Answer>(100).fill('slow'))
    const signed = Promise.all(Array.from({ length: 100 }, () => codeOf(script.thread.sign(job()))))
    await vi.advanceTimersByTimeAsync(100 * SLOW_MS)
    expect(await signed).toEqual(Array(100).fill('signed'))
    expect(vi.getTimerCount()).toBe(0)
  })
  test('that hangs has no more in hand than two, which are done in vain', async () => {
    vi.useFakeTimers()
    const script = new Script()
    script.answers.push('signature', ...Array<Answer>(20).fill('silence'))
    const signed = Promise.all(Array.from({ length: 20 }, () => codeOf(script.thread.sign(job()))))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await signed).toEqual(['signed', ...Array(19).fill('TOKEN_GONE')])
    expect(script.asked).toHaveLength(3)
  })
  test('does not ask again, for those in line, a token that was found to be gone', async () => {
    const script = new Script()
    script.answers.push('TOKEN_GONE', 'TOKEN_GONE')
    const line = Array.from({ length: 10 }, () => codeOf(script.thread.sign(job())))
    const other = codeOf(script.thread.sign(job('1', 'other')))
    expect(await Promise.all(line)).toEqual(Array(10).fill('TOKEN_GONE'))
    expect(await other).toBe('signed')
    expect(script.asked).toHaveLength(3)
  })
  test('that ends while its module hangs leaves nobody waiting, and no timer', async () => {
    vi.useFakeTimers()
    const script = new Script()
    script.answers.push('silence')
    const hanging = codeOf(script.thread.sign(job()))
    const ended = script.thread.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await hanging).toBe('TOKEN_GONE')
    await ended
    expect(vi.getTimerCount()).toBe(0)
  })
  test('answers what was asked before it ends, and another takes its place', async () => {
    const script = new Script()
    const signed = script.thread.sign(job())
    const ended = script.thread.end()
    const later = script.thread.sign(job())
    expect(await Promise.all([signed, later].map(codeOf))).toEqual(['signed', 'signed'])
    await ended
    expect([script.asked, script.started]).toEqual([['sign', 'end', 'sign'], 2])
  })
})
