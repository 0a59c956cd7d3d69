import type { MessageType, UnitKind } from '../../mail/tariff.ts'
import type { Book, LedgerEntry, Unit } from '../../server/purse/ledger.ts'
import { liraOf } from './money.ts'
import { shownTime } from './screen.ts'

/** Account movements (hesap hareketleri) as holders know them: a list by its columns. */
export interface CreditList {
  /** As `--list` names it. */
  readonly name: string
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: (entry: LedgerEntry) => readonly (readonly string[])[]
}

const TYPES: Readonly<Record<MessageType, string>> = {
  standart: 'Standart',
  eYazisma: 'E-Yazışma',
  eTebligat: 'E-Tebligat',
}
const PACKAGES: Readonly<Record<UnitKind, string>> = {
  kep: 'KEP Paketi',
  eYazisma: 'E-Yazışma Paketi',
  sms: 'SMS Paketi',
}

const sum = ({ lines }: LedgerEntry, book: Book, is: (unit: Unit) => boolean): number =>
  lines.reduce((all, line) => all + (line.book === book && is(line.unit) ? line.amount : 0), 0)
const money = (entry: LedgerEntry, book: Book): number => sum(entry, book, (unit) => unit === 'kurus')
const units = (entry: LedgerEntry, book: Book): number => sum(entry, book, (unit) => unit !== 'kurus')

const typeOf = ({ kind, type }: LedgerEntry): string =>
  kind === 'sms' || kind === 'sms-back' ? 'SMS' : type === undefined ? '' : TYPES[type]
/** A text message that came to nothing stands there with less than nothing. */
const isUse = ({ kind }: LedgerEntry): boolean => kind === 'settle' || kind === 'sms' || kind === 'sms-back'

export const CREDIT_LISTS: readonly CreditList[] = [
  {
    name: 'deposits',
    title: 'Para Yatırma',
    columns: ['Açıklama', 'Tutar (TL)', 'Tarih'],
    rows: (entry) =>
      entry.kind === 'deposit' || entry.kind === 'refund'
        ? [
            [
              entry.note ?? (entry.kind === 'refund' ? 'İade' : ''),
              liraOf(money(entry, 'balance')),
              shownTime(entry.at),
            ],
          ]
        : [],
  },
  {
    name: 'purchases',
    title: 'Satın Alınan Hizmetler',
    columns: ['Hizmet Türü', 'Tutar (TL)', 'Tarih'],
    rows: (entry) =>
      entry.kind === 'package-bought' && entry.package !== undefined
        ? [
            [
              `${PACKAGES[entry.package.unit]} (${units(entry, 'packages')})`,
              liraOf(money(entry, 'used')),
              shownTime(entry.at),
            ],
          ]
        : [],
  },
  {
    name: 'balance',
    title: 'Bakiye ile Gönderilen İletiler',
    columns: ['Alıcı', 'İleti Tür', 'Tutar (TL)', 'İşlem Tarihi'],
    rows: (entry) =>
      isUse(entry) && money(entry, 'used') !== 0
        ? [[entry.to ?? '', typeOf(entry), liraOf(money(entry, 'used')), shownTime(entry.at)]]
        : [],
  },
  {
    name: 'package',
    title: 'Paket Kapsamında Gönderilen İletiler',
    columns: ['Alıcı', 'İleti Tür', 'Kontör (Adet)', 'Açıklama', 'İşlem Tarihi'],
    rows: (entry) =>
      isUse(entry) && units(entry, 'used') !== 0
        ? [
            [
              entry.to ?? '',
              typeOf(entry),
              String(units(entry, 'used')),
              entry.messageId ?? entry.subject ?? '',
              shownTime(entry.at),
            ],
          ]
        : [],
  },
]

/** The whole journal: one row a line, so that each entry can be added up. */
export const JOURNAL: CreditList = {
  name: 'all',
  title: 'Hesap Hareketleri',
  columns: [
    'No',
    'İşlem Tarihi',
    'İşlem',
    'Yapan',
    'İleti',
    'Alıcı Sırası',
    'Alıcı',
    'İleti Tür',
    'Defter',
    'Birim',
    'Miktar',
    'Açıklama',
  ],
  rows: (entry) =>
    entry.lines.map(({ book, unit, amount }) => [
      String(entry.seq),
      shownTime(entry.at),
      entry.kind,
      entry.by,
      entry.messageId ?? entry.subject ?? '',
      entry.recipients ?? '',
      entry.to ?? '',
      typeOf(entry),
      book,
      unit === 'kurus' ? 'TL' : unit,
      unit === 'kurus' ? liraOf(amount) : String(amount),
      entry.note ?? '',
    ]),
}
