import { composeNotice } from '../../evidence/index.ts'
import type { KepAccount } from '../../mail/account.ts'
import { randomMessageId } from '../../mail/ids.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import { countedOctets, INBOX } from '../accounts/standard-mailboxes.ts'
import type { StepParts } from './steps.ts'
import { storeMessage } from './store-message.ts'

const MAX_NOTICE = 1_048_576

type Parts = Pick<
  StepParts,
  'store' | 'clock' | 'directory' | 'events' | 'envelope' | 'envelopeSigner' | 'quotaLevels'
>

/**
 * Tells a holder, once for each level that is reached, how full the box is (doluluk uyarısı). Looked at whenever something
 * was put there; a level that was left is told of again when it is reached again. It is a courtesy: where it fails, mail
 * goes on and the operator is told.
 */
export async function warnOfQuota(parts: Parts, address: string): Promise<void> {
  try {
    const account = await parts.directory.get(address)
    if (account !== undefined) await look(parts, account)
  } catch (error) {
    parts.events.internalError('work', error)
  }
}

async function look(parts: Parts, account: KepAccount): Promise<void> {
  const { store, directory, events } = parts
  const used = await countedOctets(store.mailboxes, account.address)
  const share = account.quota === 0 ? 100 : (used / account.quota) * 100
  const level = Math.max(0, ...parts.quotaLevels.filter((one) => one <= share))
  const told = account.quotaTold ?? { level: 0, notices: 0 }
  if (level === told.level) return
  const rises = level > told.level
  if (rises) {
    await tell(parts, account, { level, used, opId: `quota/${told.notices}/${level}` })
    events.quotaReached(level)
  }
  // Of two that look at the same time both may tell of one level, under one name; of two levels the higher stays.
  await directory.change(account.address, (stored) => {
    const known = stored.quotaTold ?? { level: 0, notices: 0 }
    if (!rises) return { ...stored, quotaTold: { ...known, level } }
    return {
      ...stored,
      quotaTold: { level: Math.max(level, known.level), notices: told.notices + 1 },
    }
  })
}

async function tell(
  parts: Parts,
  account: KepAccount,
  { level, used, opId }: { level: number; used: number; opId: string },
): Promise<void> {
  const { store, clock, envelope, envelopeSigner } = parts
  const mailbox = await store.mailboxes.byName(account.address, INBOX)
  if (mailbox === undefined) return
  const now = clock.now()
  const full = level >= 100
  const octets = composeNotice({
    settings: envelope,
    signer: envelopeSigner(),
    date: now,
    messageId: randomMessageId('kota', envelope.serviceAddress.split('@')[1] ?? ''),
    to: { name: account.holder, address: account.address },
    subject: `KEP hesabınızın alanı: % ${level} dolu`,
    text: full
      ? 'Hesabınızın alanı doldu. İleti almaya devam edersiniz; ileti göndermek için silerek ya da alan satın alarak yer açmanız gerekir.'
      : 'Hesabınızın alanı dolmak üzere. Alan dolduğunda ileti almaya devam edersiniz, ancak ileti gönderemezsiniz.',
    rows: [
      ['Hesap', account.address],
      ['Kullanılan alan', inMegabytes(used)],
      ['Toplam alan', inMegabytes(account.quota)],
    ],
  })
  const { staged, index } = await storeMessage(store, octets, MAX_NOTICE)
  await store.mailboxes.append(mailbox.id, {
    opId,
    body: staged.ref,
    staged: [staged],
    index: encodeIndex(index),
    flags: [],
    date: now.getTime(),
    saved: now.getTime(),
    origin: 'pipeline',
  })
}

const inMegabytes = (octets: number): string => `${(octets / 1e6).toFixed(1).replace('.', ',')} MB`
