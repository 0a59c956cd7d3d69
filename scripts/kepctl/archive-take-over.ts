/** The archive of another provider: verified, kept, and given out again. */
import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import { SUMS, verifyAuditPack } from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { anchorsByRole, anchorsIn } from './anchors.ts'
import type { Arguments } from './arguments.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime } from './screen.ts'

const string = { type: 'string' } as const
const several = { type: 'string', multiple: true } as const

const archiveTakeOver: Command = {
  name: 'archive take-over',
  usage:
    'DIR --from PROVIDER [--signer CERT.pem|FINGERPRINT…] --trust PEM… [--providers PEM…] [--tsas PEM…] [--users PEM…]',
  summary: {
    tr: 'başka bir KEPHS’nin arşivini doğrular ve bundan sonra saklar',
    en: 'verifies the archive of another provider and keeps it from now on',
  },
  options: {
    from: string,
    signer: several,
    trust: several,
    providers: several,
    users: several,
    tsas: several,
  },
  positionals: [1, 1],
  async run(args, screen) {
    const folder = resolve(args.word(0))
    const provider = args.required('from')
    const trusted = await anchorsByRole({
      trust: args.many('trust'),
      providers: args.many('providers'),
      users: args.many('users'),
      tsas: args.many('tsas'),
    })
    const signers = await signersOf(args, screen, provider)
    const source = packIn(folder)
    const [pack] = await verifyAuditPack(provider, source, {
      ...trusted,
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: systemClock.now(),
    })
    if (pack?.verdict !== 'TOTAL-PASSED')
      throw new Refused('BAD_PACK', `${folder}: ${pack?.verdict} ${pack?.fields.detayMesaji}`)
    const signed = pack.signatures.find(({ role }) => role === 'pack')
    const { signer = '', fingerprint = '' } = signed ?? {}
    if (!signers.has(fingerprint))
      throw new Refused(
        'OTHER_SIGNER',
        screen.text({
          tr: `${folder}: listeyi ${signer} imzalamış (${fingerprint}); ${provider} için verilen sertifikalardan değil`,
          en: `${folder}: the list is signed by ${signer} (${fingerprint}), which is none of the certificates of ${provider}`,
        }),
      )
    const list = hash('sha256', (await source.read(SUMS)) ?? '', 'hex')
    const kept = await ask(args, screen, 'archive take-over', { folder, provider, signer: fingerprint, list })
    screen.show({ ...kept, signer, fingerprint }, () => [
      screen.text({
        tr: `${provider} arşivi doğrulandı ve saklanıyor: ${kept.files} dosya, ${kept.octets} sekizli`,
        en: `The archive of ${provider} is verified and kept: ${kept.files} files, ${kept.octets} octets`,
      }),
      screen.text({
        tr: `  imzalayan: ${signer} (${fingerprint})`,
        en: `  signed by: ${signer} (${fingerprint})`,
      }),
      screen.text({ tr: `  kayıt: ${kept.record}`, en: `  record: ${kept.record}` }),
    ])
    return 0
  },
}

/**
 * Fingerprints of the certificates by which that provider signs: what its pack says of itself anybody can say. Named here, or
 * registered where it is a peer.
 */
async function signersOf(args: Arguments, screen: Screen, provider: string): Promise<ReadonlySet<string>> {
  const given = args.many('signer')
  if (given.length > 0) {
    const named = given.map((one) => one.replaceAll(':', '').toLowerCase())
    const prints = named.filter((one) => FINGERPRINT.test(one))
    const files = given.filter((_, index) => !FINGERPRINT.test(named[index]!))
    const certificates = files.length === 0 ? [] : await anchorsIn(files)
    return new Set([...prints, ...certificates.map(({ fingerprint }) => fingerprint)])
  }
  const { peers } = await ask(args, screen, 'peer list', {})
  const peer = peers.find((one) => one.provider === provider)
  const registered = peer?.certificates.filter(({ use }) => use === 'signing') ?? []
  if (registered.length === 0)
    throw new UsageError(
      `${provider} is no peer, so nothing here says by which certificate it signs: name it with --signer CERT.pem, ` +
        'or by its SHA-256 fingerprint, as that provider or the authority (BTK) tells it',
    )
  return new Set(registered.map(({ fingerprint }) => fingerprint))
}

/** SHA-256 in hex. */
const FINGERPRINT = /^[0-9a-f]{64}$/

const archiveTakenOver: Command = {
  name: 'archive taken-over',
  usage: '[DIR] --from PROVIDER [--record ID]',
  summary: {
    tr: 'devralınan arşivleri, ne zaman devralındıklarının kanıtıyla yazar; DIR olmadan listeler',
    en: 'writes archives that were taken over, with what proves when; lists them without DIR',
  },
  options: { from: string, record: string },
  positionals: [0, 1],
  async run(args, screen) {
    const provider = args.required('from')
    const [word] = args.words
    if (word === undefined) {
      if (args.one('record') !== undefined) throw new UsageError('--record goes with DIR')
      const listed = await ask(args, screen, 'archive taken-over list', { provider })
      screen.show(listed, () =>
        listed.archives.map(({ record, at, files, octets, signer }) =>
          screen.text({
            tr: `${record}  ${shownTime(at)}  ${files} dosya, ${octets} sekizli, imzalayan ${signer}`,
            en: `${record}  ${shownTime(at)}  ${files} files, ${octets} octets, signed by ${signer}`,
          }),
        ),
      )
      return 0
    }
    const written = await ask(args, screen, 'archive taken-over', {
      folder: resolve(word),
      provider,
      ...args.given({ record: 'record' }),
    })
    screen.show(written, () =>
      written.archives.flatMap(({ folder, files, at }) => [
        screen.text({
          tr: `${folder}: ${files} dosya, devralındığı tarih ${shownTime(at)}`,
          en: `${folder}: ${files} files, taken over at ${shownTime(at)}`,
        }),
        `  kepctl verify ${folder}/paket --proved-by ${folder}/devir --trust …`,
      ]),
    )
    return 0
  },
}

export const takeOverCommands: readonly Command[] = [archiveTakeOver, archiveTakenOver]
