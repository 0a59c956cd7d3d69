import type { EntityDetails, EvidenceDraft } from '../model/draft.ts'
import { fail, pass, type Rule } from './rule.ts'

/** An empty Name or DisplayName is schema-invalid: old public samples fail there. [TS 102 640-2 §5] */
export const namesNotEmpty: Rule<EvidenceDraft> = {
  id: 'names-not-empty',
  ref: 'TS 102 640-2 §5',
  check({ issuer, sender, recipients, delegates = [] }) {
    const all = [issuer, sender, ...recipients, ...delegates.map(({ delegate }) => delegate)]
    return all.some(hasEmptyName) ? fail('a name or display name is empty') : pass
  },
}

const hasEmptyName = ({ names = [], displayName }: EntityDetails): boolean =>
  displayName === '' || names.some((name) => name.trim() === '')
