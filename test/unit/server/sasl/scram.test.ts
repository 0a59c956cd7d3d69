import { describe, expect, test } from 'vitest'
import { ScramKeyMaker } from '../../../../server/accounts/scram-key-maker.ts'
import type { SaslContext } from '../../../../server/sasl/context.ts'
import type { SaslStep } from '../../../../server/sasl/mechanism.ts'
import { scram } from '../../../../server/sasl/scram.ts'
import { bareOf, clientFinal, clientFirst, headerOf, type ScramClient } from '../../../fakes/sasl-client.ts'

const ADDRESS = 'user@hs98.kep.tr'
const channel = { binding: (kind: string) => (kind === 'tls-exporter' ? Buffer.from('channel') : undefined) }
const maker = new ScramKeyMaker(Buffer.alloc(32, 7), 4096)
const keys = await maker.make(ADDRESS, 'pencil')
const good = { ok: true, login: {}, account: {}, person: {} } as never

/** A desk with one person, who is told apart from others by no more than the keys. */
function contextOf(offer: Partial<SaslContext['offer']> = {}): SaslContext & { refusals: unknown[] } {
  const refusals: unknown[] = []
  const of = (name: string) => (name === ADDRESS && keys !== undefined ? keys : maker.madeUp(name))
  return {
    refusals,
    ip: '192.0.2.1',
    service: 'imap',
    channel,
    byCertificate: undefined,
    offer: { scram: true, channelBinding: true, tokens: undefined, ...offer },
    desk: {
      check: () => Promise.reject(new Error('no password travels')),
      checkCertificate: () => Promise.reject(new Error('nor a certificate')),
      checkToken: () => Promise.reject(new Error('nor a token')),
      saltOf: async ({ name }) => of(name),
      checkProof: async ({ name, refusal }) => {
        const refused = refusal(of(name))
        refusals.push(refused)
        return refused === undefined ? good : { ok: false, reason: 'wrong' }
      },
    },
  }
}

const textOf = (step: SaslStep): string =>
  step.kind === 'challenge' ? Buffer.from(step.octets).toString() : step.kind
const client: ScramClient = { name: ADDRESS, password: 'pencil' }

async function logIn(
  who: ScramClient,
  { isPlus = false, context = contextOf(), change = (final: string) => final } = {},
): Promise<string[]> {
  const exchange = scram(context, isPlus)
  const said: string[] = []
  const say = async (text: string): Promise<SaslStep> => {
    const step = await exchange.step(Buffer.from(text))
    said.push(textOf(step))
    return step
  }
  const first = await say(clientFirst(who))
  if (first.kind !== 'challenge') return said
  const { final, verifier } = clientFinal(who, textOf(first))
  const second = await say(change(final))
  if (second.kind !== 'challenge') return said
  expect(textOf(second)).toBe(verifier)
  await say('')
  return said
}

test('RFC 7677 §3: the exchange of the example', async () => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
  const nonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  // What the password 'pencil' gives under that salt.
  const stored = {
    salt,
    iterations: 4096,
    storedKey: 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
    serverKey: 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  }
  const context = contextOf()
  const desk: SaslContext['desk'] = {
    ...context.desk,
    saltOf: async () => stored,
    checkProof: async ({ refusal }) =>
      refusal(stored) === undefined ? good : { ok: false, reason: 'wrong' },
  }
  const exchange = scram({ ...context, desk }, false, () => nonce)
  const answers: string[] = []
  for (const said of [
    'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    `c=biws,r=rOprNGfwEbeRWgbNEkqO${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    '',
  ])
    answers.push(textOf(await exchange.step(Buffer.from(said))))
  expect(answers).toEqual([
    `r=rOprNGfwEbeRWgbNEkqO${nonce},s=${salt},i=4096`,
    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    'done',
  ])
})

test('a nonce of ours is never the same, and long', async () => {
  const nonces = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const step = await scram(contextOf(), false).step(Buffer.from(clientFirst({ ...client, nonce: 'x' })))
      return /^r=x([^,]{24}),/.exec(textOf(step))?.[1]
    }),
  )
  expect(new Set(nonces).size).toBe(50)
  expect(nonces).not.toContain(undefined)
})

describe('RFC 5802 §6: channel binding', () => {
  const bound = { ...client, flag: 'p=tls-exporter,', channel: Buffer.from('channel') }

  test('bound to this connection', async () => {
    expect((await logIn(bound, { isPlus: true })).at(-1)).toBe('done')
  })

  test.each<[string, ScramClient, boolean, Partial<SaslContext['offer']>]>([
    ['another connection', { ...bound, channel: Buffer.from('another') }, true, {}],
    ['no data of it', { ...bound, channel: Buffer.alloc(0) }, true, {}],
    ['a kind that there is not', { ...bound, flag: 'p=tls-unique,' }, true, {}],
    ['none under -PLUS', client, true, {}],
    ['one without -PLUS', bound, false, {}],
    ['a client that was told of no -PLUS while it is offered', { ...client, flag: 'y,' }, false, {}],
  ])('%s is refused, though the password is right', async (_, who, isPlus, offer) => {
    const context = contextOf(offer)
    expect((await logIn(who, { isPlus, context })).at(-1)).toBe('done')
    expect(context.refusals).toEqual(['channel'])
  })

  test('a client that could bind logs in where it is not offered', async () => {
    const context = contextOf({ channelBinding: false })
    await logIn({ ...client, flag: 'y,' }, { context })
    expect(context.refusals).toEqual([undefined])
  })
})

describe('RFC 5802 §5.1: names', () => {
  test.each([
    ['a comma and an equals sign', 'n,,n=a=2Cb=3Dc,r=x', 'a,b=c', ''],
    ['an account to act for', `n,a=${ADDRESS},n=ayse,r=x`, 'ayse', ADDRESS],
    ['what follows the nonce is heard no further', 'n,,n=user,r=x,z=1', 'user', ''],
  ])('%s', async (_, first, name, authzid) => {
    const asked: unknown[] = []
    const context = contextOf()
    const saltOf = async (names: object) => {
      asked.push(names)
      return maker.madeUp('x')
    }
    const desk = { ...context.desk, saltOf }
    expect(textOf(await scram({ ...context, desk }, false).step(Buffer.from(first)))).toMatch(/^r=x/)
    expect(asked).toMatchObject([{ name, authzid }])
  })
})

describe('what is no message of SCRAM', () => {
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no header', 'n=user,r=x'],
    ['RFC 5802 §5.1: an extension that must be understood', 'n,,m=x,n=user,r=y'],
    ['no name', 'n,,n=,r=x'],
    ['another escape', 'n,,n=a=41,r=x'],
    ['an escape that is cut', 'n,,n=a=,r=x'],
    ['no nonce', 'n,,n=user,r='],
    ['a nonce with a blank', 'n,,n=user,r=a b'],
    ['a nonce beyond ASCII', 'n,,n=user,r=ş'],
    ['NUL', 'n,,n=us\0er,r=x'],
    ['a name that is not UTF-8', Buffer.from('n,,n=\xff\xfe,r=x', 'latin1')],
    ['an account that is written wrongly', 'n,a=x=41,n=user,r=x'],
    ['a flag that there is not', 'q,,n=user,r=x'],
    ['a kind of binding that is cut', 'p=,,n=user,r=x'],
    ['a long one', `n,,n=${'a'.repeat(3000)},r=x`],
  ])('first: %s', async (_, first) => {
    const exchange = scram(contextOf(), false)
    expect((await exchange.step(Buffer.from(first))).kind).toBe('malformed')
    expect((await exchange.step(Buffer.from(clientFirst(client)))).kind).toBe('malformed')
  })

  test.each<[string, (final: string) => string]>([
    ['nothing', () => ''],
    ['the first again', () => clientFirst(client)],
    ['no proof', (final) => final.replace(/,p=.*/, '')],
    ['a proof of another length', (final) => final.replace(/,p=.*/, ',p=AAAA')],
    ['a nonce of its own', (final) => final.replace(/,r=[^,]*/, ',r=rOprNGfwEbeRWgbNEkqO')],
    ['a nonce that goes on', (final) => final.replace(/,r=[^,]*/, (nonce) => `${nonce}x`)],
    ['something behind the proof', (final) => `${final},x=1`],
  ])('last: %s; nothing is judged', async (_, change) => {
    const context = contextOf()
    expect((await logIn(client, { context, change })).at(-1)).toBe('malformed')
    expect(context.refusals).toEqual([])
  })

  test('an exchange that is over stays over, and so does one with more to say', async () => {
    const exchange = scram(contextOf(), false)
    const first = textOf(await exchange.step(Buffer.from(clientFirst(client))))
    const { final } = clientFinal(client, first)
    await exchange.step(Buffer.from(final))
    for (const more of ['x', '', final])
      expect((await exchange.step(Buffer.from(more))).kind).toBe('malformed')
  })
})

describe('what proves nothing', () => {
  test.each<[string, ScramClient, (final: string) => string]>([
    ['another password', { ...client, password: 'pencils' }, (final) => final],
    ['a person that there is not', { ...client, name: 'kimse@hs98.kep.tr' }, (final) => final],
    [
      'a proof of zeros',
      client,
      (final) => final.replace(/p=.*/, `p=${Buffer.alloc(32).toString('base64')}`),
    ],
    [
      'the proof with another header',
      client,
      (final) => final.replace(/^c=[^,]*/, `c=${Buffer.from('y,,').toString('base64')}`),
    ],
    ['the proof with an extension put in', client, (final) => final.replace(',p=', ',x=1,p=')],
  ])('%s', async (_, who, change) => {
    const context = contextOf()
    expect((await logIn(who, { context, change })).at(-1)).toBe('done')
    expect(context.refusals).toEqual(['password'])
  })

  test('a proof that was heard before', async () => {
    const context = contextOf()
    let heard = ''
    await logIn(client, { context, change: (final) => (heard = final) })
    // With the nonce of the new exchange, or it would not even be judged.
    await logIn(client, {
      context,
      change: (final) => heard.replace(/r=[^,]*/, /r=[^,]*/.exec(final)?.[0] ?? ''),
    })
    expect(context.refusals).toEqual([undefined, 'password'])
  })

  test('a header that is another than the first said, signed as it is', async () => {
    const context = contextOf()
    const exchange = scram(context, false)
    const first = textOf(await exchange.step(Buffer.from(headerOf(client) + bareOf(client))))
    const other = clientFinal({ ...client, authzid: 'baska@hs98.kep.tr' }, first)
    await exchange.step(Buffer.from(other.final))
    expect(context.refusals).toEqual(['channel'])
  })
})
