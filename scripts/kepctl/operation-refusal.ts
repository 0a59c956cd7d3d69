import type { Refusal } from '../../server/ops/operations/operation.ts'
import type { Screen } from './screen.ts'

/** Why the daemon did not do it, in words of theirs. */
export function operationRefusal({ code, message }: Refusal, screen: Screen): Refusal {
  const tr = TOLD.get(code)
  return {
    code,
    message: tr === undefined ? message : screen.text({ tr: `${tr} (${message})`, en: message }),
  }
}

/** What happened and what to do, for those that need no word of English to be acted upon. */
const TOLD: ReadonlyMap<string, string> = new Map([
  [
    'NO_TIMESTAMP',
    'geçerli bir zaman damgası alınamadı, bu yüzden iş yapılmadı; tsa.urls adreslerinden biri yanıt verince yeniden deneyin',
  ],
  [
    'CANNOT_SIGN',
    'arşivin imza anahtarı şu anda imzalamıyor, bu yüzden iş yapılmadı; anahtarı denetleyip yeniden deneyin',
  ],
])
