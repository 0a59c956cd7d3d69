import type { EvidenceDraft } from '../model/draft.ts'
import { fail, pass, type Rule } from './rule.ts'

/** A bare UUID may begin with a digit, and then the whole document is invalid XML for every schema validator. [XML Schema 2 §3.3.8] */
export const idIsAnXmlName: Rule<EvidenceDraft> = {
  id: 'id-is-an-xml-name',
  ref: 'XML Schema 2 §3.3.8',
  check: ({ id }) =>
    /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(id)
      ? pass
      : fail('the identifier is no XML name of 1 to 128 characters'),
}
