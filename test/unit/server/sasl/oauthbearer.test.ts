import { describe, expect, test } from 'vitest'
import { oauthbearer } from '../../../../server/sasl/oauthbearer.ts'

const NAME = 'user@example.com'
const good = { ok: true, login: {}, account: {}, person: {} } as never
const hints = { scope: 'kep', 'openid-configuration': 'https://x/.well-known/openid-configuration' }

function exchangeOf(verdict: 'good' | 'invalid_token' | 'insufficient_scope' = 'good') {
  const heard: { token: string; authzid: string }[] = []
  let token = ''
  const judge = async (given: string) => {
    token = given
    return verdict === 'good'
      ? { ok: true as const, name: NAME, until: 1 }
      : { ok: false as const, status: verdict }
  }
  const desk = {
    checkToken: async ({ authzid, verdict: judged }: { authzid: string; verdict: { ok: boolean } }) => {
      heard.push({ token, authzid })
      return judged.ok ? good : { ok: false, reason: 'wrong' }
    },
  }
  const context = { desk, ip: '192.0.2.1', service: 'imap', channel: undefined, byCertificate: undefined }
  return { heard, exchange: oauthbearer(context as never, { judge, hints } as never) }
}
const say = (exchange: ReturnType<typeof exchangeOf>['exchange'], text: string | Buffer) =>
  exchange.step(Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1'))
const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=='

test.each<[string, string, string]>([
  [
    'RFC 7628 §4.1: the example',
    `n,a=${NAME},\x01host=server.example.com\x01port=143\x01auth=Bearer ${TOKEN}\x01\x01`,
    NAME,
  ],
  ['nobody is named beside it', `n,,\x01auth=Bearer ${TOKEN}\x01\x01`, ''],
  ['RFC 6750 §2.1: the scheme in any case', `y,,\x01auth=bearer ${TOKEN}\x01\x01`, ''],
])('%s', async (_, said, authzid) => {
  const { heard, exchange } = exchangeOf()
  expect(await say(exchange, said)).toMatchObject({ kind: 'done', result: { ok: true } })
  expect(heard).toEqual([{ token: TOKEN, authzid }])
  expect((await say(exchange, said)).kind).toBe('malformed')
})

test.each(['invalid_token', 'insufficient_scope'] as const)(
  'RFC 7628 §3.2.3: %s is told in JSON, and the failure follows whatever is answered',
  async (status) => {
    for (const answer of ['\x01', '', 'x']) {
      const { exchange } = exchangeOf(status)
      const told = await say(exchange, `n,,\x01auth=Bearer ${TOKEN}\x01\x01`)
      if (told.kind !== 'challenge') throw new Error('not told')
      expect(JSON.parse(Buffer.from(told.octets).toString())).toEqual({ status, ...hints })
      expect(await say(exchange, answer)).toEqual({ kind: 'done', result: { ok: false, reason: 'wrong' } })
    }
  },
)

describe('what is no message of OAUTHBEARER is judged by nobody', () => {
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['the dummy alone', '\x01'],
    ['no header', `auth=Bearer ${TOKEN}\x01\x01`],
    ['channel binding', `p=tls-exporter,,\x01auth=Bearer ${TOKEN}\x01\x01`],
    ['no end', `n,,\x01auth=Bearer ${TOKEN}\x01`],
    ['something behind the end', `n,,\x01auth=Bearer ${TOKEN}\x01\x01x`],
    ['no token', 'n,,\x01host=x\x01\x01'],
    ['an empty token', 'n,,\x01auth=Bearer \x01\x01'],
    ['two tokens', `n,,\x01auth=Bearer ${TOKEN}\x01auth=Bearer ${TOKEN}\x01\x01`],
    ['another scheme', `n,,\x01auth=MAC ${TOKEN}\x01\x01`],
    ['a token with a blank', 'n,,\x01auth=Bearer a b\x01\x01'],
    ['NUL in the name', `n,a=x\0,\x01auth=Bearer ${TOKEN}\x01\x01`],
    ['what is not UTF-8', Buffer.from(`n,a=\xff,\x01auth=Bearer ${TOKEN}\x01\x01`, 'latin1')],
  ])('%s', async (_, said) => {
    const { heard, exchange } = exchangeOf()
    expect((await say(exchange, said)).kind).toBe('malformed')
    expect((await say(exchange, `n,,\x01auth=Bearer ${TOKEN}\x01\x01`)).kind).toBe('malformed')
    expect(heard).toEqual([])
  })
})
