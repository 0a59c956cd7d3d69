import { type KeyObject, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import { encode, integer, oid, sequence, tagged } from '../../../../evidence/asn1/writer.ts'
import type { Certificate, PathResult, TrustContext } from '../../../../evidence/ports.ts'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { type Issuer, issueCertificate, issueCrl } from '../../../../evidence/x509/issue.ts'
import type { Clock } from '../../../../mail/clock.ts'
import { authorityInfoAccess, deltaIndicator, freshestCrl } from '../../../fakes/crl-parts.ts'
import {
  type Answer,
  answer,
  type CertStatus,
  errorAnswer,
  nonceExtension,
  readOcspRequest,
  type Single,
} from '../../../fakes/ocsp-responder.ts'
import { daysFromNow, freshCrl, makeKey, makeRoot, pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { octets, startWebServer, type WebServer } from '../../../fakes/web-server.ts'

const { root, intermediate } = pki()
const HOUR_MS = 3_600_000

/** A web with the lists of the CA, one responder, and a certificate that names both. */
class House implements AsyncDisposable {
  readonly server: WebServer
  readonly certificate: Certificate
  readonly failures: string[] = []
  ahead = 0
  readonly clock: Clock = {
    now: () => new Date(Date.now() + this.ahead),
    monotonic: () => performance.now(),
  }
  readonly validator: CertificateValidator
  readonly requests: ReturnType<typeof readOcspRequest>[] = []

  private constructor(
    server: WebServer,
    certificate: Certificate,
    given: Parameters<typeof statusSource>[0],
  ) {
    this.server = server
    this.certificate = certificate
    const { clock } = this
    this.validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({
        clock,
        maxAgeMs: 24 * HOUR_MS,
        onFailure: (kind, _url, error) => this.failures.push(`${kind} ${error.message}`),
        ...given,
      }),
      furtherLists: [server.url('/root.crl')],
    })
  }

  static async open(given: Parameters<typeof statusSource>[0] = {}, names = { ocsp: true, list: true }) {
    const server = await startWebServer({ '/root.crl': octets(freshCrl(root)) })
    const { certificate } = pki().issue(
      { kind: 'user', email: 'a@hs98.kep.tr' },
      {
        crlUrl: names.list ? server.url('/ca.crl') : null,
        extensions: names.ocsp ? [authorityInfoAccess({ ocsp: server.url('/ocsp') })] : [],
      },
    )
    const house = new House(server, certificate, given)
    server.handlers.set('/ca.crl', octets(freshCrl(intermediate)))
    return house
  }

  respond(
    status: CertStatus = 'good',
    single: Partial<Single> = {},
    more: Partial<Answer> = {},
    echo = true,
  ): void {
    this.server.handlers.set('/ocsp', (response, body, request) => {
      expect(request.headers['content-type']).toBe('application/ocsp-request')
      const asked = readOcspRequest(body)
      this.requests.push(asked)
      const extensions = asked.nonce !== undefined && echo ? [nonceExtension(asked.nonce)] : []
      const { certificate } = this
      const at = this.clock.now()
      const singles = [
        {
          certificate,
          certId: asked.certId,
          status,
          thisUpdate: at,
          nextUpdate: new Date(at.getTime() + HOUR_MS),
          ...single,
        },
      ]
      response.end(answer({ issuer: intermediate, singles, producedAt: at, extensions, ...more }))
    })
  }

  async validate(
    given: { fresh?: boolean; askedAgain?: boolean; revocation?: TrustContext['revocation'] } = {},
  ): Promise<PathResult> {
    const at = this.clock.now()
    return await this.validator.validate(this.certificate, {
      intermediates: [intermediate.certificate],
      at,
      revocation: given.revocation ?? 'require',
      freshSince: given.fresh === true ? at : undefined,
      askedSince: given.askedAgain === true ? at : undefined,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

const why = (result: PathResult): string => (result.ok ? 'ok' : `${result.failure} ${result.detail}`)

describe('RFC 6960 §4.1: what is asked', () => {
  test('the responder first, the list not at all', async () => {
    await using house = await House.open()
    house.respond()
    const result = await house.validate()
    expect(result).toMatchObject({ ok: true, revocation: 'checked' })
    expect(result.ok && [result.usedOcsps.length, result.usedCrls.length]).toEqual([1, 1])
    expect(house.server.asked.toSorted()).toEqual(['GET /root.crl', 'POST /ocsp'])
    expect(Buffer.compare(house.requests[0]!.serial, house.certificate.serialBytes)).toBe(0)
    expect(house.requests[0]?.nonce?.length).toBe(32)
    expect(house.failures).toEqual([])
  })
  test.each([
    ['sha1', 20],
    ['sha256', 32],
  ] as const)('certificates are named by %s', async (certId, length) => {
    await using house = await House.open({ ocsp: { certId, nonce: 'off' } })
    house.respond()
    expect(why(await house.validate())).toBe('ok')
    const [asked] = house.requests
    expect(asked?.nonce).toBe(undefined)
    expect(asked?.certId.includes(length)).toBe(true)
  })
  test('what the responder revokes is revoked, whatever the list says', async () => {
    await using house = await House.open()
    house.respond({ revoked: daysFromNow(-1), reason: 1 })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
  })
  test.each([
    ['tryLater', 3],
    ['unauthorized', 6],
  ])('where it says %s, the list is asked', async (_name, status) => {
    await using house = await House.open()
    house.server.handlers.set('/ocsp', octets(errorAnswer(status)))
    const result = await house.validate()
    expect(result.ok && result.usedCrls.length).toBe(2)
    expect(house.failures).toEqual([`ocsp OCSP_ERROR: status ${status}`])
  })
  test('where it does not know the certificate, too', async () => {
    await using house = await House.open()
    house.respond('unknown')
    const result = await house.validate()
    expect(result.ok && result.usedCrls.length).toBe(2)
    expect(house.failures).toEqual([])
  })
})

describe('RFC 9654 §2.1: the nonce', () => {
  test('an answer without it counts where it is not required', async () => {
    await using house = await House.open()
    house.respond('good', {}, {}, false)
    expect(why(await house.validate())).toBe('ok')
  })
  test('and does not where it is', async () => {
    await using house = await House.open(
      { ocsp: { certId: 'sha1', nonce: 'require' } },
      { ocsp: true, list: false },
    )
    house.respond('good', {}, {}, false)
    expect(why(await house.validate())).toMatch(/^REVOCATION_UNKNOWN .*CRL_NONE/)
    expect(house.failures).toEqual(['ocsp OCSP_NONCE: no nonce'])
    house.respond()
    expect(why(await house.validate())).toBe('ok')
  })
  test('another nonce is no answer', async () => {
    await using house = await House.open({}, { ocsp: true, list: false })
    house.respond('good', {}, { extensions: [nonceExtension(randomBytes(32))] })
    expect(why(await house.validate())).toMatch(/^REVOCATION_UNKNOWN/)
    expect(house.failures).toEqual(['ocsp OCSP_NONCE: another nonce'])
  })
})

describe('answers are kept', () => {
  test('until nextUpdate, where nobody asks for a fresh one', async () => {
    await using house = await House.open()
    house.respond()
    for (let turn = 0; turn < 3; turn++) await house.validate()
    expect(house.requests).toHaveLength(1)
    house.ahead = 2 * HOUR_MS
    await house.validate()
    expect(house.requests).toHaveLength(2)
  })
  test('and asked again for each message that wants a fresh one', async () => {
    await using house = await House.open()
    house.respond()
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    house.ahead = 1000 // within what two clocks may differ
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    expect(house.requests).toHaveLength(2)
  })
  test('an answer made in advance leaves a young list to answer', async () => {
    await using house = await House.open()
    house.respond('good', {}, { producedAt: daysFromNow(-0.1) })
    const result = await house.validate({ fresh: true })
    expect(result.ok && result.usedCrls.length).toBe(2)
    expect(result.ok && result.usedOcsps).toEqual([])
  })
  test('an old list is fetched again for who wants a younger one', async () => {
    await using house = await House.open({ maxAgeMs: 2 * HOUR_MS }, { ocsp: false, list: true })
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    house.ahead = 1.5 * HOUR_MS
    expect(why(await house.validate({ fresh: true }))).toMatch(/^REVOCATION_UNKNOWN .*: CRL_STALE /)
    const lists = () => house.server.asked.filter((asked) => asked === 'GET /ca.crl').length
    expect(lists()).toBe(2)
    await house.validate({ fresh: true })
    expect(lists()).toBe(2) // not again at once: the CA publishes when it does
    house.ahead += 10 * 60_000
    const thisUpdate = new Date(house.clock.now().getTime() - 1000)
    const young = issueCrl({
      issuer: intermediate,
      number: 2,
      thisUpdate,
      nextUpdate: daysFromNow(9),
      revoked: [],
    })
    house.server.handlers.set('/ca.crl', octets(young))
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    expect(lists()).toBe(3)
  })
  test('the list of a CA need only be current, and is not fetched again for being old', async () => {
    await using server = await startWebServer()
    const times = { number: 1, thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(9), revoked: [] }
    server.handlers.set('/root.crl', octets(issueCrl({ issuer: root, ...times })))
    const authority = pki().issue({ kind: 'intermediate' }, { issuer: root, crlUrl: server.url('/root.crl') })
    server.handlers.set('/ca.crl', octets(freshCrl(authority)))
    const user = { kind: 'user', email: 'a@hs98.kep.tr' } as const
    const { certificate } = pki().issue(user, { issuer: authority, crlUrl: server.url('/ca.crl') })
    let ahead = 0
    const clock = { now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() }
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ clock, maxAgeMs: 24 * HOUR_MS }),
      furtherLists: [],
    })
    for (ahead of [0, 10 * 60_000]) {
      const at = clock.now()
      const given = {
        intermediates: [authority.certificate],
        at,
        revocation: 'require',
        freshSince: at,
      } as const
      expect(why(await validator.validate(certificate, given))).toBe('ok')
    }
    expect(server.asked.toSorted()).toEqual(['GET /ca.crl', 'GET /root.crl'])
  })
  test('who wants news asks again, and takes what is current where nobody answers', async () => {
    await using house = await House.open({}, { ocsp: true, list: false })
    house.respond()
    expect(why(await house.validate())).toBe('ok')
    house.ahead = 60_000
    expect(why(await house.validate({ askedAgain: true }))).toBe('ok')
    expect(house.requests).toHaveLength(2)
    house.server.handlers.set('/ocsp', octets(errorAnswer(3)))
    house.ahead = 120_000
    expect(why(await house.validate({ askedAgain: true }))).toBe('ok')
    house.respond({ revoked: daysFromNow(-1) })
    house.ahead = 180_000
    expect(why(await house.validate({ askedAgain: true }))).toMatch(/^REVOKED/)
  })
  test('a list is looked at again for news once an hour', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    const lists = () => house.server.asked.filter((asked) => asked === 'GET /ca.crl').length
    for (const [minutes, times] of [
      [0, 1],
      [59, 1],
      [61, 2],
      [62, 2],
    ] as const) {
      house.ahead = minutes * 60_000
      expect(why(await house.validate({ askedAgain: true }))).toBe('ok')
      expect(lists()).toBe(times)
    }
  })
  test('rechecks ask once an hour, for lists and about issuers, however many there are', async () => {
    await using server = await startWebServer()
    let at = Date.now()
    const clock = { now: () => new Date(at), monotonic: () => performance.now() }
    const url = server.url('/root-ocsp')
    const extensions = [authorityInfoAccess({ ocsp: url })]
    const authority = pki().issue({ kind: 'intermediate' }, { issuer: root, crlUrl: null, extensions })
    const user = { kind: 'user', email: 'a@hs98.kep.tr' } as const
    const { certificate } = pki().issue(user, { issuer: authority, crlUrl: server.url('/ca.crl') })
    server.handlers.set('/root-ocsp', (response, body) => {
      const { certId } = readOcspRequest(body)
      const [thisUpdate, nextUpdate] = [clock.now(), new Date(at + 48 * HOUR_MS)]
      const single = {
        certificate: authority.certificate,
        certId,
        status: 'good',
        thisUpdate,
        nextUpdate,
      } as const
      response.end(answer({ issuer: root, producedAt: clock.now(), singles: [single] }))
    })
    let thisUpdate = clock.now()
    server.handlers.set('/ca.crl', (response) => {
      const nextUpdate = new Date(thisUpdate.getTime() + 48 * HOUR_MS)
      response.end(issueCrl({ issuer: authority, number: 1, thisUpdate, nextUpdate, revoked: [] }))
    })
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ clock, maxAgeMs: 24 * HOUR_MS, ocsp: { certId: 'sha1', nonce: 'off' } }),
      furtherLists: [],
    })
    const begin = clock.now()
    const judge = async (knownSince: Date) =>
      why(
        await validator.validate(certificate, {
          intermediates: [authority.certificate],
          at: begin,
          revocation: 'require',
          knownSince,
        }),
      )
    const count = (line: string) => server.asked.filter((asked) => asked === line).length
    const graceEnd = new Date(at + 60_000)
    for (let turn = 0; turn < 40; turn++) {
      at += 6 * 60_000
      expect(await judge(clock.now())).toMatch(/^REVOCATION_UNKNOWN .*CRL_STALE /)
    }
    expect([count('GET /ca.crl'), count('POST /root-ocsp')]).toEqual([4, 4])
    // And one that came out since is had, though the last was asked for after the grace period.
    thisUpdate = clock.now()
    at += HOUR_MS
    expect(await judge(graceEnd)).toBe('ok')
    expect(count('GET /ca.crl')).toBe(5)
  })
  test('an answer that comes late does not take the place of what was asked after it', async () => {
    await using house = await House.open({}, { ocsp: true, list: false })
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: came, resolve: come } = Promise.withResolvers<void>()
    house.respond()
    const respond = house.server.handlers.get('/ocsp')!
    house.server.handlers.set('/ocsp', (response, body, request) => {
      come()
      void held.then(() => respond(response, body, request))
    })
    const slow = house.validate()
    await came
    house.ahead = 1000
    house.respond({ revoked: daysFromNow(-1) })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    house.ahead = 0
    letGo()
    expect(why(await slow)).toMatch(/^REVOKED/)
    house.ahead = 1000
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    expect(house.requests).toHaveLength(2)
  })
  test('a good from before the revocation, played again, tells nobody that it is good', async () => {
    await using house = await House.open(
      { ocsp: { certId: 'sha1', nonce: 'off' } },
      { ocsp: true, list: false },
    )
    const before = house.clock.now()
    house.ahead = 60_000
    house.respond({ revoked: daysFromNow(-1) })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    house.respond('good', { thisUpdate: before }, { producedAt: before })
    house.ahead = 120_000
    expect(why(await house.validate({ askedAgain: true }))).toMatch(/^REVOKED/)
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    // Nor does silence.
    house.server.handlers.set('/ocsp', octets(errorAnswer(3)))
    house.ahead = 180_000
    expect(why(await house.validate({ fresh: true }))).toMatch(/^REVOKED/)
    // The CA itself may take it back: a hold that was lifted.
    house.respond()
    house.ahead = 240_000
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
  })
  test.each([
    { reason: 1, expected: /^REVOKED/ },
    { reason: undefined, expected: /^REVOKED/ },
    { reason: 6, expected: /^ok$/ },
  ])(
    'revoked for $reason, after which its responder is silent for a month: $expected',
    async ({ reason, expected }) => {
      await using house = await House.open({}, { ocsp: true, list: false })
      house.respond({ revoked: daysFromNow(-1), ...(reason === undefined ? {} : { reason }) })
      expect(why(await house.validate())).toMatch(/^REVOKED/)
      house.server.handlers.set('/ocsp', octets(errorAnswer(3)))
      house.ahead = 30 * 24 * HOUR_MS
      for (const fresh of [false, true])
        expect(why(await house.validate({ fresh, revocation: 'if-present' }))).toMatch(expected)
    },
  )
  test('many at once fetch a list once', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    await Promise.all(Array.from({ length: 20 }, () => house.validate()))
    expect(house.server.asked.toSorted()).toEqual(['GET /ca.crl', 'GET /root.crl'])
  })
})

describe('what fails', () => {
  test('a responder with excuses is left alone for a while, and the list beside it answers', async () => {
    await using house = await House.open()
    house.server.handlers.set('/ocsp', octets(errorAnswer(3)))
    const answers = () => house.server.asked.filter((line) => line === 'POST /ocsp').length
    expect(why(await house.validate())).toBe('ok')
    expect(why(await house.validate())).toBe('ok')
    expect(answers()).toBe(1)
    house.ahead = 60_000
    expect(why(await house.validate())).toBe('ok')
    expect(answers()).toBe(2)
  })
  test('a host that cannot be reached is not tried again at once, and told of once', async () => {
    await using house = await House.open({}, { ocsp: true, list: false })
    await house.server[Symbol.asyncDispose]()
    expect(why(await house.validate())).toMatch(/^REVOCATION_UNKNOWN/)
    const told = house.failures.length
    expect(house.failures[0]).toContain('UNREACHABLE')
    await house.validate()
    expect(house.failures).toHaveLength(told)
  })
  test('a list that cannot be renewed serves on until it runs out', async () => {
    await using house = await House.open({ maxAgeMs: HOUR_MS }, { ocsp: false, list: true })
    await house.validate()
    house.server.handlers.set('/ca.crl', (response) => void response.writeHead(503).end())
    house.ahead = 2 * HOUR_MS
    expect(why(await house.validate())).toBe('ok')
    expect(house.failures).toEqual(['crl HTTP_STATUS: 503'])
    await house.validate()
    expect(house.failures).toHaveLength(1)
    house.ahead = 31 * 24 * HOUR_MS
    expect(why(await house.validate())).toMatch(/^REVOCATION_UNKNOWN/)
  })
  test('if-present goes on and says so', async () => {
    await using house = await House.open({}, { ocsp: false, list: false })
    expect(await house.validate({ revocation: 'if-present' })).toMatchObject({
      ok: true,
      revocation: 'not-checked',
    })
  })
})

describe('RFC 5280 §6.3.3: a list counts where its CA signed it', () => {
  const listed = (house: House, given: Partial<Parameters<typeof issueCrl>[0]> = {}) => {
    const now = house.clock.now().getTime()
    const [thisUpdate, nextUpdate] = [new Date(now - 60_000), new Date(now + 3650 * 24 * HOUR_MS)]
    house.server.handlers.set(
      '/ca.crl',
      octets(issueCrl({ issuer: intermediate, number: 1, thisUpdate, nextUpdate, revoked: [], ...given })),
    )
  }
  const lists = (house: House, path = '/ca.crl') =>
    house.server.asked.filter((asked) => asked === `GET ${path}`).length
  const forger = { ...intermediate, key: makeKey('p256').privateKey }
  const stranger = makeRoot('Yabancı')

  test.each([
    ['by somebody else', forger],
    ['of another CA', stranger],
  ])('one %s on the line takes no good one’s place, and the CA is asked again soon', async (_, issuer) => {
    await using house = await House.open({}, { ocsp: false, list: true })
    listed(house)
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    house.ahead = 23.9 * HOUR_MS
    listed(house, { issuer })
    house.ahead = 24.1 * HOUR_MS
    // What was there is a day old by now: too old for a signer, not for whom current is enough.
    expect(why(await house.validate())).toBe('ok')
    expect(house.failures).toEqual([expect.stringMatching(/^crl CRL_SIGNATURE: /)])
    listed(house)
    house.ahead += 31_000
    expect(why(await house.validate({ fresh: true }))).toBe('ok')
    expect(lists(house)).toBe(3)
  })
  test('nor where nothing was there before', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    listed(house, { issuer: forger })
    expect(why(await house.validate())).toMatch(/^REVOCATION_UNKNOWN/)
    listed(house)
    house.ahead = 31_000
    expect(why(await house.validate())).toBe('ok')
  })
  test('forged ones in a row are fetched ever more rarely, at last once an hour; a good one ends that', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    listed(house, { issuer: forger })
    const minutely = async (hours: number) => {
      const before = lists(house)
      for (let minute = 0; minute < hours * 60; minute++) {
        house.ahead += 60_000
        await house.validate()
      }
      return lists(house) - before
    }
    expect(await minutely(3)).toBeLessThan(12)
    expect(await minutely(4)).toBe(4)
    listed(house)
    house.ahead += HOUR_MS
    expect(why(await house.validate())).toBe('ok')
    listed(house, { issuer: forger })
    house.ahead += 24 * HOUR_MS
    await house.validate()
    const asked = lists(house)
    house.ahead += 31_000
    await house.validate()
    expect(lists(house)).toBe(asked + 1)
  })
  test('an older one of the same CA does not take the place of a newer', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    const old = house.clock.now()
    house.ahead = 10 * HOUR_MS
    listed(house, { revoked: [{ serial: house.certificate.serialBytes, date: old }] })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    house.ahead = 35 * HOUR_MS
    listed(house, { thisUpdate: old })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    expect(house.failures).toEqual(['crl CRL_STALE: older than the one at hand'])
    expect(lists(house)).toBe(2)
    await house.validate()
    expect(lists(house)).toBe(2) // a mirror that lags is not asked each time
  })
  test('of one moment the number decides', async () => {
    await using house = await House.open({ maxAgeMs: HOUR_MS }, { ocsp: false, list: true })
    const thisUpdate = house.clock.now()
    listed(house, {
      thisUpdate,
      number: 6,
      revoked: [{ serial: house.certificate.serialBytes, date: thisUpdate }],
    })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    house.ahead = 2 * HOUR_MS
    listed(house, { thisUpdate, number: 5 })
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    listed(house, { thisUpdate, number: 7 })
    house.ahead = 3 * HOUR_MS
    expect(why(await house.validate())).toBe('ok')
  })
  test('but one that ran out does', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    listed(house, { nextUpdate: new Date(Date.now() + HOUR_MS) })
    expect(why(await house.validate())).toBe('ok')
    house.ahead = 2 * HOUR_MS
    listed(house, { thisUpdate: new Date(Date.now() - HOUR_MS) }) // a CA that was restored
    expect(why(await house.validate())).toBe('ok')
    expect(house.failures).toEqual([])
  })
  describe('whom it named stays revoked after it ran out', () => {
    const ranOut = async (reason: number) => {
      const house = await House.open({}, { ocsp: false, list: true })
      const date = house.clock.now()
      const [thisUpdate, nextUpdate] = [date, new Date(date.getTime() + HOUR_MS)]
      const revoked = [{ serial: house.certificate.serialBytes, date, reason }]
      house.ahead = 60_000
      listed(house, { number: 5, thisUpdate, nextUpdate, revoked })
      expect(why(await house.validate())).toMatch(/^REVOKED/)
      house.ahead = 2 * HOUR_MS
      return { house, thisUpdate }
    }
    const judged = async (house: House) => why(await house.validate({ revocation: 'if-present' }))

    test.each([
      [1, /^REVOKED/],
      [6, /^ok$/],
    ])('for %i, where nobody answers', async (reason, expected) => {
      const { house } = await ranOut(reason)
      await using _ = house
      house.server.handlers.set('/ca.crl', (response) => void response.writeHead(503).end())
      expect(await judged(house)).toMatch(expected)
    })
    test('where a list from before is played again, and again', async () => {
      const { house, thisUpdate } = await ranOut(1)
      await using _ = house
      const from = thisUpdate.getTime()
      for (const [hours, age] of [
        [2, 1],
        [30, 2],
        [60, 0.5],
      ] as const) {
        house.ahead = hours * HOUR_MS
        listed(house, { number: 4, thisUpdate: new Date(from - age * HOUR_MS) })
        expect(await judged(house)).toMatch(/^REVOKED/)
      }
      expect(lists(house)).toBe(4)
      // What the CA made since takes its place.
      house.ahead = 90 * HOUR_MS
      listed(house, { number: 6 })
      expect(await judged(house)).toBe('ok')
    })
    test('where one of the configuration becomes one of others', async () => {
      await using server = await startWebServer({ '/root.crl': octets(freshCrl(root)) })
      const { certificate } = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { crlUrl: null })
      const now = Date.now()
      let ahead = 0
      const clock: Clock = { now: () => new Date(now + ahead), monotonic: () => performance.now() }
      const validator = new CertificateValidator({
        anchors: [root.certificate],
        status: statusSource({ clock }),
        furtherLists: [server.url('/root.crl'), server.url('/ca.crl')],
      })
      const judge = async () =>
        why(
          await validator.validate(certificate, {
            intermediates: [intermediate.certificate],
            at: clock.now(),
            revocation: 'if-present',
          }),
        )
      const [thisUpdate, nextUpdate] = [new Date(now - 60_000), new Date(now + HOUR_MS)]
      const revoked = [{ serial: certificate.serialBytes, date: thisUpdate, reason: 1 }]
      const of = (issuer: Issuer, given = {}) =>
        octets(issueCrl({ issuer, number: 5, thisUpdate, nextUpdate, revoked: [], ...given }))
      server.handlers.set('/ca.crl', of(intermediate, { revoked }))
      expect(await judge()).toMatch(/^REVOKED/)
      server.handlers.set('/ca.crl', of(stranger, { nextUpdate: new Date(now + 99 * HOUR_MS) }))
      ahead = 2 * HOUR_MS
      expect(await judge()).toMatch(/^REVOKED/)
      ahead = 50 * HOUR_MS
      expect(await judge()).toMatch(/^REVOKED/)
    })
  })
  test('a CA that changed its key signs it with either, and only where an anchor stands behind that key', async () => {
    const { publicKey, privateKey } = makeKey('p256')
    const certify = (issuer: Issuer) => ({
      key: privateKey,
      certificate: issueCertificate({
        subject: { commonName: 'Deneme Alt Kök', organization: 'OpenKEP Deneme', country: 'TR' },
        publicKey,
        profile: { kind: 'intermediate', pathLength: 0 },
        issuer,
        notBefore: daysFromNow(-2),
        notAfter: daysFromNow(900),
      }),
    })
    for (const [renewed, expected] of [
      [certify(root), /^ok/],
      [certify(stranger), /^REVOCATION_UNKNOWN/],
    ] as const) {
      await using house = await House.open({}, { ocsp: false, list: true })
      listed(house, { issuer: renewed })
      const result = await house.validator.validate(house.certificate, {
        intermediates: [intermediate.certificate, renewed.certificate],
        at: house.clock.now(),
        revocation: 'require',
      })
      expect(why(result)).toMatch(expected)
      expect(house.failures).toHaveLength(expected.test('ok') ? 0 : 1)
    }
  })

  test('one of the configuration may be about others: whoever it is about tells whether it is genuine', async () => {
    await using house = await House.open({}, { ocsp: true, list: false })
    house.server.handlers.set('/ocsp', octets(errorAnswer(6)))
    const other: Issuer = (() => {
      const { publicKey, privateKey } = makeKey('p256')
      const times = { notBefore: daysFromNow(-2), notAfter: daysFromNow(900) }
      const profile = { kind: 'intermediate' } as const
      const subject = { commonName: 'İkinci', country: 'TR' }
      return {
        key: privateKey,
        certificate: issueCertificate({ subject, publicKey, profile, issuer: root, ...times }),
      }
    })()
    const person = pki().issue({ kind: 'user', email: 'b@hs98.kep.tr' }, { issuer: other, crlUrl: null })
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({
        clock: house.clock,
        maxAgeMs: 24 * HOUR_MS,
        onFailure: (kind) => house.failures.push(kind),
      }),
      furtherLists: [
        house.server.url('/root.crl'),
        house.server.url('/ca.crl'),
        house.server.url('/other.crl'),
      ],
    })
    const judge = async (certificate: Certificate) =>
      why(
        await validator.validate(certificate, {
          intermediates: [intermediate.certificate, other.certificate],
          at: house.clock.now(),
          revocation: 'require',
        }),
      )
    house.server.handlers.set('/other.crl', octets(freshCrl(other)))
    expect(await judge(house.certificate)).toBe('ok')
    expect(await judge(person.certificate)).toBe('ok')
    const counted = () => ['/root.crl', '/ca.crl', '/other.crl'].map((path) => lists(house, path))
    expect(counted()).toEqual([1, 1, 1])
    house.ahead = 23 * HOUR_MS
    expect([await judge(house.certificate), await judge(person.certificate), ...counted()]).toEqual([
      'ok',
      'ok',
      1,
      1,
      1,
    ])
    // Aged: each is renewed for whom it is about.
    house.ahead = 25 * HOUR_MS
    house.server.handlers.set('/other.crl', octets(freshCrl({ ...other, key: forger.key })))
    expect([await judge(house.certificate), ...counted()]).toEqual(['ok', 2, 2, 1])
    expect(house.failures.filter((kind) => kind === 'crl')).toEqual([])
    expect([await judge(person.certificate), ...counted()]).toEqual(['ok', 2, 2, 2])
    expect(house.failures.filter((kind) => kind === 'crl')).toEqual(['crl'])
  })
  test('two CAs of one name, each with its list in the configuration: both count, whoever asks first', async () => {
    await using house = await House.open({}, { ocsp: false, list: false })
    const [one, other] = [makeRoot('Ayni Ad'), makeRoot('Ayni Ad')]
    house.server.handlers.set('/one.crl', octets(freshCrl(one)))
    house.server.handlers.set('/other.crl', octets(freshCrl(other)))
    const validatorOf = (anchor: Issuer, status: ReturnType<typeof statusSource>) =>
      new CertificateValidator({
        anchors: [anchor.certificate],
        status,
        furtherLists: [house.server.url('/one.crl'), house.server.url('/other.crl')],
      })
    const status = statusSource({ clock: house.clock, maxAgeMs: 24 * HOUR_MS })
    for (const anchor of [one, other, one, other]) {
      const { certificate } = pki().issue(
        { kind: 'user', email: 'a@hs98.kep.tr' },
        { issuer: anchor, crlUrl: null },
      )
      const result = await validatorOf(anchor, status).validate(certificate, {
        intermediates: [],
        at: house.clock.now(),
        revocation: 'require',
      })
      expect(why(result)).toBe('ok')
    }
    expect(lists(house, '/one.crl')).toBeLessThanOrEqual(2)
    expect(lists(house, '/other.crl')).toBeLessThanOrEqual(2)
  })
  test('a forged one of the configuration that came first is dropped by whom it is about', async () => {
    await using house = await House.open({}, { ocsp: false, list: false })
    const status = statusSource({ clock: house.clock, maxAgeMs: 24 * HOUR_MS })
    const url = house.server.url('/ca.crl')
    const ask = async (issuer: Issuer) =>
      await status.lists([url], [issuer.certificate], {
        at: new Date(),
        freshness: undefined,
        requestsLeft: 1,
      })
    listed(house, { issuer: forger })
    expect(await ask(stranger)).toHaveLength(1)
    listed(house)
    const [good] = await ask(intermediate)
    expect(lists(house)).toBe(2)
    expect(await ask(stranger)).toEqual([good])
    house.ahead = 23 * HOUR_MS
    expect(await ask(intermediate)).toEqual([good])
    expect(lists(house)).toBe(2)
  })
})

describe('RFC 5280 §5.2.6: delta lists', () => {
  const base = (url: string, revoked: Parameters<typeof issueCrl>[0]['revoked'] = []) =>
    issueCrl({
      issuer: intermediate,
      number: 5,
      thisUpdate: daysFromNow(-0.5),
      nextUpdate: daysFromNow(1),
      revoked,
      extensions: [freshestCrl(url)],
    })
  test('one that the list names is fetched and heeded', async () => {
    await using house = await House.open({}, { ocsp: false, list: true })
    house.server.handlers.set('/ca.crl', octets(base(house.server.url('/delta.crl'))))
    const revoked = [{ serial: house.certificate.serialBytes, date: daysFromNow(-0.2) }]
    const delta = issueCrl({
      issuer: intermediate,
      number: 6,
      thisUpdate: daysFromNow(-0.1),
      nextUpdate: daysFromNow(1),
      revoked,
      extensions: [deltaIndicator(5)],
    })
    house.server.handlers.set('/delta.crl', octets(delta))
    expect(why(await house.validate())).toMatch(/^REVOKED/)
    expect(house.server.asked).toContain('GET /delta.crl')
  })
})

describe('RFC 5280 §4.2.2.1: issuers that a message left out', () => {
  const later = {
    ahead: 0,
    clock: { now: () => new Date(Date.now() + later.ahead), monotonic: () => performance.now() } as Clock,
  }
  const made = async (address: string, aiaHosts: readonly string[]) => {
    const server = await startWebServer({
      '/root.crl': octets(freshCrl(root)),
      '/ca.crl': octets(freshCrl(intermediate)),
    })
    const { certificate } = pki().issue(
      { kind: 'user', email: 'a@hs98.kep.tr' },
      { crlUrl: server.url('/ca.crl'), extensions: [authorityInfoAccess({ issuers: server.url(address) })] },
    )
    const certsOnly = sequence(
      oid(OID.signedData),
      tagged(
        0,
        sequence(
          integer(1),
          encode(0x31),
          sequence(oid(OID.data)),
          tagged(0, intermediate.certificate.der),
          encode(0x31),
        ),
      ),
    )
    server.handlers.set('/issuer.cer', octets(intermediate.certificate.der))
    server.handlers.set('/issuer.p7c', octets(certsOnly))
    server.handlers.set('/garbage', octets(Buffer.from('<html>')))
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ aiaHosts, clock: later.clock }),
      furtherLists: [server.url('/root.crl')],
    })
    const validate = () =>
      validator.validate(certificate, { intermediates: [], at: new Date(), revocation: 'require' })
    return { server, validate }
  }
  test.each([
    ['/issuer.cer', ['127.0.0.1'], 'ok'],
    ['/issuer.p7c', ['127.0.0.1'], 'ok'],
    ['/garbage', ['127.0.0.1'], 'NO_PATH'],
    ['/missing', ['127.0.0.1'], 'NO_PATH'],
    ['/issuer.cer', ['other.example'], 'NO_PATH'],
    ['/issuer.cer', [], 'NO_PATH'],
  ])('%s where %j may be asked: %s', async (address, hosts, expected) => {
    const { server, validate } = await made(address, hosts)
    await using _ = server
    expect(why(await validate())).toMatch(new RegExp(`^${expected}`))
    await validate()
    const asked = server.asked.filter((line) => line === `GET ${address}`)
    expect(asked).toHaveLength(hosts.includes('127.0.0.1') ? 1 : 0)
  })
  test('the earlier certificate of a CA that changed its key is not the issuer', async () => {
    await using server = await startWebServer()
    const [earlier, renewed] = [makeKey('p256'), makeKey('p256')].map(({ publicKey, privateKey }) => ({
      key: privateKey,
      certificate: issueCertificate({
        subject: { commonName: 'NES CA', country: 'TR' },
        publicKey,
        profile: { kind: 'intermediate' },
        issuer: root,
        notBefore: daysFromNow(-9),
        notAfter: daysFromNow(900),
      }),
    }))
    server.handlers.set('/ca.cer', octets(renewed!.certificate.der))
    const { certificate } = pki().issue(
      { kind: 'user', email: 'a@hs98.kep.tr' },
      {
        issuer: renewed!,
        crlUrl: null,
        extensions: [authorityInfoAccess({ issuers: server.url('/ca.cer') })],
      },
    )
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ aiaHosts: ['127.0.0.1'] }),
      furtherLists: [],
    })
    const given = { at: new Date(), revocation: 'if-present' } as const
    const intermediates = [earlier!.certificate]
    expect(why(await validator.validate(certificate, { ...given, intermediates }))).toBe('ok')
    expect(server.asked).toEqual(['GET /ca.cer'])
  })
  test('a certificate that did not issue it is asked for again soon', async () => {
    const { server, validate } = await made('/issuer.cer', ['127.0.0.1'])
    await using _ = server
    const { subjectKeyId, subject } = intermediate.certificate
    const { publicKey } = makeKey('p256')
    const forged = issueCertificate({
      subject: { commonName: subject.commonName!, organization: 'OpenKEP Deneme', country: 'TR' },
      publicKey,
      profile: { kind: 'intermediate' },
      issuer: root,
      notBefore: daysFromNow(-1),
      notAfter: daysFromNow(1),
    })
    expect(Buffer.compare(forged.subjectKeyId!, subjectKeyId!)).not.toBe(0)
    server.handlers.set('/issuer.cer', octets(forged.der))
    expect(why(await validate())).toMatch(/^NO_PATH/)
    server.handlers.set('/issuer.cer', octets(intermediate.certificate.der))
    later.ahead = 31_000
    expect(why(await validate())).toBe('ok')
    later.ahead = 0
  })
  const at = new Date()
  const judging = (given: Parameters<typeof statusSource>[0] = {}) => {
    const status = statusSource({ aiaHosts: ['127.0.0.1'], ...given })
    const validator = new CertificateValidator({ anchors: [root.certificate], status, furtherLists: [] })
    return async (certificate: Certificate) =>
      why(await validator.validate(certificate, { intermediates: [], at, revocation: 'if-present' }))
  }
  const madeUp = (names: string, issuer: Issuer) =>
    pki().issue(
      { kind: 'user', email: 'a@hs98.kep.tr' },
      { issuer, crlUrl: null, extensions: [authorityInfoAccess({ issuers: names })] },
    ).certificate
  test('a certificate of a stranger that names the address of a CA takes nothing from those of the CA', async () => {
    await using server = await startWebServer({ '/ca.cer': octets(intermediate.certificate.der) })
    const url = server.url('/ca.cer')
    const judge = judging()
    const honest = madeUp(url, intermediate)
    for (let turn = 0; turn < 6; turn++)
      expect(await judge(madeUp(url, makeRoot(`Yabancı ${turn}`)))).toMatch(/^NO_PATH/)
    expect(await judge(honest)).toBe('ok')
    expect(server.asked).toHaveLength(4) // nor is the CA asked for each name that somebody makes up
  })
  test('two keys of a CA behind one address serve both', async () => {
    await using server = await startWebServer()
    const url = server.url('/ca.cer')
    const keys = [makeKey('p256'), makeKey('p256')].map(({ publicKey, privateKey }) => ({
      key: privateKey,
      certificate: issueCertificate({
        subject: { commonName: 'NES CA', country: 'TR' },
        publicKey,
        profile: { kind: 'intermediate' },
        issuer: root,
        notBefore: daysFromNow(-9),
        notAfter: daysFromNow(900),
      }),
    }))
    const judge = judging()
    for (const issuer of keys) {
      server.handlers.set('/ca.cer', octets(issuer.certificate.der))
      expect(await judge(madeUp(url, issuer))).toBe('ok')
    }
    server.handlers.delete('/ca.cer')
    for (const issuer of keys) expect(await judge(madeUp(url, issuer))).toBe('ok')
    expect(server.asked).toHaveLength(2)
  })
  test('a circle of issuers ends', async () => {
    const server = await startWebServer()
    await using _ = server
    const times = { notBefore: daysFromNow(-1), notAfter: daysFromNow(1) }
    const holders = new Map<string, { publicKey: KeyObject; issuer: Issuer }>()
    const named = (commonName: string) => {
      const { publicKey, privateKey } = makeKey('p256')
      const self = {
        subject: { commonName },
        publicKey,
        profile: { kind: 'root' },
        issuer: { self: privateKey },
      } as const
      const made = {
        publicKey,
        issuer: { certificate: issueCertificate({ ...self, ...times }), key: privateKey },
      }
      const known = holders.get(commonName) ?? made
      holders.set(commonName, known)
      return known
    }
    const certify = (name: string, issuer: string): Certificate => {
      const certificate = issueCertificate({
        subject: { commonName: name },
        publicKey: named(name).publicKey,
        profile: { kind: 'intermediate' },
        issuer: named(issuer).issuer,
        ...times,
        extensions: [authorityInfoAccess({ issuers: server.url(`/${issuer}`) })],
      })
      server.handlers.set(`/${name}`, octets(certificate.der))
      return certificate
    }
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'a']
    const [first] = names.slice(0, -1).map((name, index) => certify(name, names[index + 1]!))
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ aiaHosts: ['127.0.0.1'] }),
      furtherLists: [],
    })
    const result = await validator.validate(first!, {
      intermediates: [],
      at: new Date(),
      revocation: 'require',
    })
    expect(why(result)).toMatch(/^(NO_PATH|BAD_SIGNATURE)/)
    expect(server.asked).toHaveLength(4)
  })
})

test('what one message may make us ask is bounded', async () => {
  await using house = await House.open()
  const urls = Array.from({ length: 40 }, (_, index) => house.server.url(`/${index}.crl`))
  const status = statusSource()
  await status.lists(urls, [root.certificate], { at: new Date(), freshness: undefined, requestsLeft: 16 })
  expect(house.server.asked).toHaveLength(16)
})

test('an extension that no reader needs to know changes nothing', async () => {
  await using house = await House.open()
  house.respond('good', { extensions: [extension('1.2.3', false, sequence())] })
  expect(why(await house.validate())).toBe('ok')
})
