import { type Judgement, VERIFICATION_REASONS } from '../../../evidence/index.ts'
import type { Text } from '../command.ts'

type Of<Name extends string> = Readonly<Record<Name, Text>>

export const VERDICTS: Of<Judgement['verdict']> = {
  'TOTAL-PASSED': { tr: 'Doğrulandı', en: 'Passed' },
  INDETERMINATE: { tr: 'Belirsiz', en: 'Indeterminate' },
  'TOTAL-FAILED': { tr: 'Doğrulanamadı', en: 'Failed' },
}

export const ROLES: Of<'envelope' | 'evidence' | 'user' | 'pack' | 'seal' | 'statement'> = {
  envelope: { tr: 'Zarf (sağlayıcı)', en: 'Envelope (provider)' },
  evidence: { tr: 'Delil (sağlayıcı)', en: 'Evidence (provider)' },
  user: { tr: 'Kullanıcı imzası', en: 'Signature of the user' },
  pack: { tr: 'Paketin dosya listesi', en: 'List of files of the pack' },
  seal: { tr: 'Arşiv mührü', en: 'Seal of the archive' },
  statement: { tr: 'Sonradan öğrenilen iptal beyanı', en: 'Statement of a revocation told later' },
}

export const KINDS: Of<
  'evidence' | 'dispatch' | 'receipt' | 'message' | 'signature' | 'audit-pack' | 'record' | 'unknown'
> = {
  evidence: { tr: 'Delil', en: 'Evidence' },
  dispatch: { tr: 'KEP iletisi', en: 'REM dispatch' },
  receipt: { tr: 'Delil iletisi', en: 'Message with evidence' },
  message: { tr: 'İmzalı ileti', en: 'Signed message' },
  signature: { tr: 'İmza dosyası', en: 'Signature file' },
  'audit-pack': { tr: 'Denetim paketi', en: 'Audit pack' },
  record: { tr: 'Arşiv kaydı', en: 'Record of the archive' },
  unknown: { tr: 'Bilinmeyen dosya', en: 'Unknown file' },
}

export const QUALIFIED: Of<'nes' | 'e-seal' | 'qualified'> = {
  nes: { tr: 'NES', en: 'NES (qualified, of a person)' },
  'e-seal': { tr: 'elektronik mühür', en: 'e-seal (qualified)' },
  qualified: { tr: 'nitelikli', en: 'qualified' },
}

export const ANCHORS: Of<'all' | 'providers' | 'users' | 'tsas'> = {
  all: { tr: 'Güvenilen kök', en: 'Trust anchor' },
  providers: { tr: 'Güvenilen kök (sağlayıcılar)', en: 'Trust anchor (providers)' },
  users: { tr: 'Güvenilen kök (kullanıcılar)', en: 'Trust anchor (users)' },
  tsas: { tr: 'Güvenilen kök (zaman damgaları)', en: 'Trust anchor (time-stamps)' },
}

export const REVOCATION: Of<'checked' | 'not-checked'> = {
  checked: { tr: 'denetlendi', en: 'checked' },
  'not-checked': { tr: 'denetlenmedi', en: 'not checked' },
}

/** Of a file that was given as what is signed, where the signature has its content inside. */
export const BESIDE: Of<'same' | 'different'> = {
  same: { tr: 'imzanın içindekinin aynısı', en: 'the same as what is inside' },
  different: { tr: 'imzanın içindekinden farklı', en: 'not what is inside' },
}

/** What is wrong and what can be done; undefined where nothing is. */
export const sentence = ({ reason }: Pick<Judgement, 'reason'>): Text | undefined =>
  reason === undefined ? undefined : VERIFICATION_REASONS[reason]
