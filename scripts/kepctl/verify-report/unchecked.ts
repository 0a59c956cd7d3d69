/** What a verdict does not rest on; said even where it passes, and there beside the verdict. */
import type { FileReport, SignatureEntry } from '../../../evidence/index.ts'
import type { Text } from '../command.ts'

export interface Unchecked {
  /** For the line of the verdict; undefined for what belongs to the kind of file and does not weaken it. */
  readonly short: Text | undefined
  readonly text: Text
}

/** Times as text of one form compare as times. */
const isToldBefore = ({ statusOf, bestSignatureTime }: SignatureEntry): boolean =>
  statusOf !== undefined && bestSignatureTime !== undefined && statusOf < bestSignatureTime

const REVOCATION: Unchecked = {
  short: { tr: 'iptal durumu denetlenmedi', en: 'revocation was not checked' },
  text: {
    tr: 'En az bir sertifikanın iptal durumu denetlenmedi: gereken liste ya da yanıt verilmedi (--crl, --ocsp).',
    en: 'The revocation of at least one certificate was not checked: its list or answer was not given (--crl, --ocsp).',
  },
}

const TOLD_BEFORE: Unchecked = {
  short: { tr: 'iptal bilgisi imzadan eski', en: 'revocation was told before the signature' },
  text: {
    tr: 'En az bir imzacının iptal bilgisi imzasından eski: arada iptal edilip edilmediğini yalnız daha yeni bir liste ya da yanıt gösterir.',
    en: 'The revocation of at least one signer was told before it signed: only a later list or answer shows what happened in between.',
  },
}

const WITHOUT_ROLES: Unchecked = {
  short: { tr: 'imzalayanın sağlayıcı olduğu denetlenmedi', en: 'that a provider signed was not checked' },
  text: {
    tr: 'İmzalayanın hizmet sağlayıcı olduğu denetlenmedi: kökler rollere ayrılmadan verildi (--providers, --users, --tsas).',
    en: 'That the signer is a provider was not checked: anchors without roles (--providers, --users, --tsas).',
  },
}

const RUN_OUT: Unchecked = {
  short: { tr: 'damga makamının süresi dolmuş', en: 'the time-stamping authority has run out' },
  text: {
    tr: 'En az bir zaman damgası makamının sertifikasının süresi dolmuş; damganın sonradan atılmadığını yalnız denetim paketi kanıtlar.',
    en: 'The certificate of at least one time-stamping authority has run out; only an audit pack proves that the stamp was not made since.',
  },
}

const NO_TIME: Unchecked = {
  short: undefined,
  text: {
    tr: 'En az bir imzanın zamanı kanıtlı değil; beyan edilen zaman yalnız imzacının sözüdür.',
    en: 'The time of at least one signature is not proved; the claimed time is only the word of the signer.',
  },
}

const OUTER_HEADER: Unchecked = {
  short: undefined,
  text: {
    tr: 'İletinin dıştaki başlığı (konu, alıcılar, tarih) imzanın kapsamında değildir.',
    en: 'The outer header of the message (subject, recipients, date) is not covered by the signature.',
  },
}

/** Nothing where nothing was signed: then there was nothing to check. */
export function uncheckedIn(report: FileReport): Unchecked[] {
  const { kind, signatures, timestamps } = report
  if (signatures.length === 0) return []
  const found: readonly (readonly [boolean, Unchecked])[] = [
    [report.revocation === 'not-checked' && kind !== 'record', REVOCATION],
    [signatures.some(isToldBefore), TOLD_BEFORE],
    [report.roles === 'not-checked' && kind !== 'record', WITHOUT_ROLES],
    [timestamps.some(({ hasRunOut }) => hasRunOut), RUN_OUT],
    [signatures.some(({ bestSignatureTime }) => bestSignatureTime === undefined), NO_TIME],
    [kind === 'message', OUTER_HEADER],
  ]
  return found.flatMap(([is, one]) => (is ? [one] : []))
}

/** What stands beside a verdict that passes; undefined where nothing is left open, or where the verdict is a worse one. */
export function openBeside(reports: readonly FileReport[]): Text | undefined {
  const passed = reports.filter(({ verdict }) => verdict === 'TOTAL-PASSED')
  const shorts = new Set(passed.flatMap(uncheckedIn).flatMap(({ short }) => short ?? []))
  if (shorts.size === 0) return undefined
  const all = [...shorts]
  return { tr: all.map(({ tr }) => tr).join('; '), en: all.map(({ en }) => en).join('; ') }
}
