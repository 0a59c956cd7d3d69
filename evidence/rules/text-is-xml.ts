import type { EvidenceDraft } from '../model/draft.ts'
import { isXmlText } from '../xml/characters.ts'
import { fail, pass, type Rule } from './rule.ts'

/**
 * Identifiers and URIs must not be changed on the way into XML. Free text (subject, names, log lines) may hold
 * anything: the writer turns what XML cannot carry into U+FFFD. [XML 1.0 §2.2]
 */
export const textIsXml: Rule<EvidenceDraft> = {
  id: 'text-is-xml',
  ref: 'XML 1.0 §2.2',
  check({ version, eventCode, policyIds, reasons, message, replyTo = '', extensions }) {
    const exact = [
      version,
      eventCode,
      ...policyIds,
      ...reasons.map(({ code }) => code),
      message.uaMessageId ?? '',
      message.remmdMessageId,
      replyTo,
      ...extensions.map(({ namespace }) => namespace),
    ]
    if (exact.some((text) => !isXmlText(text)))
      return fail('an identifier holds a character that XML cannot carry')
    const names = extensions.flatMap(({ name, fields }) => [name, ...fields.map((field) => field.name)])
    if (names.some((name) => !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)))
      return fail('an extension name is no XML name')
    return extensions.some(({ namespace }) => namespace === '') ? fail('an extension has no namespace') : pass
  },
}
